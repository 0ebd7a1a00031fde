/// <reference lib="dom" />
/**
 * Keys: one at a time, or `g` and another. They do nothing while somebody types or a dialog is open.
 *
 * @module
 */

import { type Signal, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { navigate, PATHS } from "./router.ts";
import { recall, remember } from "./storage.ts";

/** A key and what it does. */
export interface Shortcut {
  /** Such as `n` or `g j`. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

/** After `g` the second key may take so long, milliseconds. */
const PATIENCE = 1500;

/** Whether single keys do anything; a screen reader or dictation may have other plans for them. */
export const shortcutsOn: Signal<boolean> = signal(recall("shortcuts") !== "off");

/** Whether the help is open. */
export const helpOpen: Signal<boolean> = signal(false);

const local = signal<readonly Shortcut[]>([]);

/** The keys that work everywhere. */
const EVERYWHERE: readonly Shortcut[] = [
  go("g o", "Overview", PATHS.overview),
  go("g j", "Jobs", PATHS.jobs),
  go("g d", "Dead letter queue", PATHS.dlq),
  go("g q", "Queues", PATHS.queues),
  go("g w", "Workers", PATHS.workers),
  go("g s", "Schedules", PATHS.schedules),
  go("n", "Enqueue a job", PATHS.enqueue),
  { keys: "/", does: "Search jobs", run: search },
  { keys: "?", does: "This help", run: () => helpOpen.value = true },
];

/** All that work now. */
export function shortcuts(): readonly Shortcut[] {
  return [...EVERYWHERE, ...local.value];
}

/** Turns the keys on or off, for the next visits too. */
export function setShortcuts(on: boolean): void {
  shortcutsOn.value = on;
  remember("shortcuts", on ? null : "off");
}

/** Adds keys while the component is there. */
export function useShortcuts(added: readonly Shortcut[]): void {
  const latest = useRef(added);
  latest.current = added;
  useEffect(() => {
    const mine = latest.current.map(({ keys, does }, at) => ({
      keys,
      does,
      run: () => latest.current[at]?.run(),
    }));
    local.value = [...local.peek(), ...mine];
    return () => {
      local.value = local.peek().filter((shortcut) => !mine.includes(shortcut));
    };
  }, []);
}

/** Begins to listen. */
export function startKeyboard(): void {
  let prefix = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") return leaveField(event);
    if (!shortcutsOn.value || isTaken(event.target)) return;
    const keys = prefix + event.key;
    prefix = "";
    clearTimeout(timer);
    const all = shortcuts();
    const found = all.find((shortcut) => shortcut.keys === keys);
    if (found !== undefined) {
      event.preventDefault();
      found.run();
    } else if (all.some((shortcut) => shortcut.keys.startsWith(`${keys} `))) {
      prefix = `${keys} `;
      timer = setTimeout(() => prefix = "", PATIENCE);
    }
  });
}

/** Whether a key belongs to a field or a dialog. */
function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector("dialog[open]") !== null) return true;
  return target instanceof Element &&
    target.closest("input, textarea, select, [contenteditable]") !== null;
}

/** Esc leaves the search, so that keys work again. */
function leaveField({ target }: KeyboardEvent): void {
  if (target instanceof HTMLInputElement && target.type === "search") target.blur();
}

/** Puts the cursor into the search of the view; of the jobs where the view has none. */
function search(): void {
  if (focusSearch()) return;
  navigate(PATHS.jobs);
  // The view comes with the next frame.
  requestAnimationFrame(() => requestAnimationFrame(focusSearch));
}

function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>("main input[type=search]");
  field?.focus();
  field?.select();
  return field !== null;
}

function go(keys: string, does: string, path: string): Shortcut {
  return { keys, does, run: () => navigate(path) };
}
