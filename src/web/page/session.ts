/// <reference lib="dom" />
/**
 * Who may see the page, and what they may do.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { call, get, onUnauthorized, post } from "./api.ts";
import { startLive, stopLive } from "./live.ts";
import { forgetAnswers } from "./resource.ts";
import type { SessionJson } from "./shapes.ts";

const current = signal<SessionJson | null>(null);
const unreachable = signal(false);

/** What the server says about this browser; null until it has answered. */
export const session: ReadonlySignal<SessionJson | null> = computed(() => current.value);

/** Whether the server has not answered yet, and did not when it was asked. */
export const sessionUnreachable: ReadonlySignal<boolean> = computed(() => unreachable.value);

/** Whether the page may be shown. */
export const admitted: ReadonlySignal<boolean> = computed(() =>
  current.value?.authenticated === true
);

/** Whether the page may change anything: not with `--read-only`. */
export const canWrite: ReadonlySignal<boolean> = computed(() =>
  admitted.value && current.value?.read_only === false
);

/** How long to wait before the server is asked again, milliseconds. */
const AGAIN = 1000;

/** Asks the server, until it answers, and opens the live stream if it may be seen. */
export async function startSession(): Promise<void> {
  onUnauthorized(() => {
    stopLive();
    if (current.value !== null) {
      current.value = { ...current.value, authenticated: false, token_required: true };
    }
  });
  for (;;) {
    try {
      accept(await get<SessionJson>("/session"));
      unreachable.value = false;
      return;
    } catch {
      unreachable.value = true;
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/**
 * Trades a token for a session.
 *
 * @throws {ApiError} if it is wrong
 */
export async function login(token: string): Promise<void> {
  await post("/session", { token });
  accept(await get<SessionJson>("/session"));
}

/** Ends the session. */
export async function logout(): Promise<void> {
  stopLive();
  forgetAnswers();
  await call("DELETE", "/session");
  accept(await get<SessionJson>("/session"));
}

function accept(answer: SessionJson): void {
  current.value = answer;
  if (answer.authenticated) startLive();
}
