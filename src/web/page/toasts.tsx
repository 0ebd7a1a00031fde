/// <reference lib="dom" />
/**
 * Short messages about what was done, read out by screen readers.
 *
 * @module
 */

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { escapeText } from "../../escape.ts";
import { messageOf } from "./api.ts";

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly error: boolean;
}

/** Good news goes by itself after so long, milliseconds. */
const LIFE = 6000;

const shown = signal<readonly Toast[]>([]);
let last = 0;

/** Says what was done. */
export function toast(text: string): void {
  add(text, false);
}

/** Says what could not be done, until somebody closes it. */
export function toastError(error: unknown): void {
  add(messageOf(error), true);
}

/** Runs what may fail, and says so if it does. Returns whether it was done. */
export async function attempt(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work();
    if (done !== undefined) toast(done);
    return true;
  } catch (error) {
    toastError(error);
    return false;
  }
}

function add(text: string, error: boolean): void {
  const id = ++last;
  shown.value = [...shown.value.filter((old) => old.text !== text).slice(-4), { id, text, error }];
  if (!error) setTimeout(() => drop(id), LIFE);
}

function drop(id: number): void {
  shown.value = shown.value.filter((toast) => toast.id !== id);
}

/** Where the messages appear. */
export function Toasts(): JSX.Element {
  const list = (error: boolean) =>
    shown.value.filter((toast) => toast.error === error).map((toast) => (
      <div key={toast.id} class={error ? "toast toast-error" : "toast"}>
        <span>{escapeText(toast.text)}</span>
        <button
          type="button"
          class="quiet"
          aria-label="Close"
          onClick={() =>
            drop(toast.id)}
        >
          ×
        </button>
      </div>
    ));
  return (
    <div class="toasts">
      <div role="status" aria-live="polite">{list(false)}</div>
      <div role="alert" aria-live="assertive">{list(true)}</div>
    </div>
  );
}
