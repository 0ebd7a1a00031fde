/// <reference lib="dom" />
/**
 * The live stream: one connection for the whole page, closed while nobody looks at it.
 *
 * @module
 */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { ApiError, errorOf, tellUnauthorized } from "./api.ts";
import { EventParser, type ServerEvent } from "./event_stream.ts";
import {
  connected,
  type Connection,
  type LiveState,
  NOTHING,
  reduce,
  waitBefore,
  withQueue,
} from "./live_state.ts";
import { linkTo } from "./router.ts";
import type { LiveStatistics, LiveStatus, QueueJson } from "./shapes.ts";

/** A page that is hidden for so long gives its connection back, milliseconds. */
const PATIENCE_HIDDEN = 5000;
/** The server says something every 15 s; after so long without a word it is away, milliseconds. */
const PATIENCE_SILENT = 40_000;

/** Which job the stream tells about beside the rest. */
export interface JobWatch {
  readonly id: string;
  /** Whose output; null is the newest. */
  readonly attempt: number | null;
  /** The events `job`, `output` and `gone` (it was deleted): their data, parsed. */
  readonly onEvent: (event: "job" | "output" | "gone", data: unknown) => void;
}

const state = signal<LiveState>(NOTHING);

/** What `status --json` says, as it is now; null before the first. */
export const status: ReadonlySignal<LiveStatus | null> = computed(() => state.value.status);
/** What ended in the last hour and day; null before the first. */
export const statistics: ReadonlySignal<LiveStatistics | null> = computed(() =>
  state.value.statistics
);
/** Whether the server can be heard. */
export const connection: ReadonlySignal<Connection> = computed(() => state.value.connection);
/** How often in a row the stream could not be had. */
export const failures: ReadonlySignal<number> = computed(() => state.value.failures);
/** What the server said when it refused the stream; null if it did not. */
export const refusal: ReadonlySignal<string | null> = computed(() => state.value.refusal);
/** Changes whenever lists may be different now. */
export const revision: ReadonlySignal<string> = computed(() => state.value.revision);
/** Goes up whenever the stream is open again: what was shown may be old. */
export const openings: ReadonlySignal<number> = computed(() => opened.value);
/** Why the store cannot be used; null while it can. */
export const storeProblem: ReadonlySignal<string | null> = computed(() => state.value.storeProblem);

const opened = signal(0);
let watch: JobWatch | null = null;
/** There is no such job: the stream goes on without it. */
let unknown: JobWatch | null = null;
let lastId: string | null = null;
let running: AbortController | null = null;
let retry: ReturnType<typeof setTimeout> | undefined;
let sleep: ReturnType<typeof setTimeout> | undefined;
let wanted = false;

/** Shows a queue as the answer to a change tells it, before the stream does. */
export function showQueue(queue: QueueJson): void {
  state.value = withQueue(state.value, queue);
}

/** Opens the stream and keeps it open. */
export function startLive(): void {
  wanted = true;
  document.addEventListener("visibilitychange", followVisibility);
  addEventListener("online", reconnectNow);
  if (document.visibilityState === "hidden") followVisibility();
  else void connect();
}

/** Closes the stream until the next {@linkcode startLive}: the server wants a token first. */
export function stopLive(): void {
  wanted = false;
  document.removeEventListener("visibilitychange", followVisibility);
  removeEventListener("online", reconnectNow);
  disconnect();
}

/** Tries again at once. */
export function reconnectNow(): void {
  if (!wanted || connection.value === "open") return;
  disconnect();
  void connect();
}

/**
 * Lets the stream tell about a job too.
 *
 * @returns what ends that
 */
export function watchJob(job: JobWatch): () => void {
  setWatch(job);
  return () => {
    if (watch === job) setWatch(null);
  };
}

function setWatch(job: JobWatch | null): void {
  watch = job;
  lastId = null;
  if (!wanted || connection.value === "asleep") return;
  disconnect();
  // From one job to the next in the same turn is one connection.
  retry = setTimeout(() => void connect());
}

function followVisibility(): void {
  clearTimeout(sleep);
  if (document.visibilityState === "hidden") {
    sleep = setTimeout(() => {
      disconnect();
      state.value = connected(state.value, "asleep");
    }, PATIENCE_HIDDEN);
  } else if (connection.value === "asleep") {
    state.value = connected(state.value, "connecting");
    disconnect();
    void connect();
  } else {
    reconnectNow();
  }
}

function disconnect(): void {
  clearTimeout(retry);
  running?.abort();
  running = null;
}

async function connect(): Promise<void> {
  const control = new AbortController();
  running = control;
  let reason: string | null = null;
  try {
    await read(control);
  } catch (error) {
    // Whatever ended it, it is opened again.
    if (error instanceof ApiError) reason = error.message;
  }
  if (running !== control) return;
  running = null;
  control.abort();
  state.value = connected(state.value, "away", reason);
  retry = setTimeout(() => void connect(), waitBefore(state.value.failures, Math.random()));
}

/** Reads the stream until it ends. */
async function read(control: AbortController): Promise<void> {
  const watched = watch === unknown ? null : watch;
  const query = watched === null
    ? {}
    : { job: watched.id, attempt: watched.attempt === null ? null : `${watched.attempt}` };
  let alarm = setTimeout(() => control.abort(), PATIENCE_SILENT);
  try {
    const response = await fetch(linkTo("/api/events", query), {
      headers: {
        Accept: "text/event-stream",
        "X-Queuectl": "1",
        ...lastId === null ? {} : { "Last-Event-ID": lastId },
      },
      signal: control.signal,
      cache: "no-store",
    });
    if (response.status === 401) {
      disconnect();
      return tellUnauthorized();
    }
    if (response.status === 404 && watched !== null) {
      unknown = watched;
      control.abort();
      running = null;
      return void connect();
    }
    if (!response.ok) throw await errorOf(response);
    if (response.body === null) return;
    state.value = connected(state.value, "open");
    opened.value++;
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || running !== control) return;
      clearTimeout(alarm);
      alarm = setTimeout(() => control.abort(), PATIENCE_SILENT);
      for (const event of parser.push(value)) take(event, watched);
      lastId = parser.lastId ?? lastId;
    }
  } finally {
    clearTimeout(alarm);
  }
}

function take(event: ServerEvent, watched: JobWatch | null): void {
  if (event.event === "job" || event.event === "output" || event.event === "gone") {
    try {
      if (watched !== null && watched === watch) {
        watched.onEvent(event.event, JSON.parse(event.data));
      }
    } catch (error) {
      // A view that stumbles does not cost the others their stream.
      reportError(error);
    }
    return;
  }
  state.value = reduce(state.value, event);
}
