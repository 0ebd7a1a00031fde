/**
 * What the page knows of the store, as it follows from the events of the live stream. Pure.
 *
 * @module
 */

import type { LiveStatistics, LiveStatus, QueueJson } from "./shapes.ts";
import type { ServerEvent } from "./event_stream.ts";

/** Whether the server can be heard. `asleep`: nobody looks at the page. */
export type Connection = "connecting" | "open" | "away" | "asleep";

/** What the stream has told so far. */
export interface LiveState {
  readonly connection: Connection;
  /** How often in a row the stream could not be had. */
  readonly failures: number;
  /** What the server said when it refused the stream; null if it did not, or said nothing at all. */
  readonly refusal: string | null;
  readonly status: LiveStatus | null;
  readonly statistics: LiveStatistics | null;
  /** Changes whenever lists may be different now. */
  readonly revision: string;
  /** Why the store cannot be used; null while it can. */
  readonly storeProblem: string | null;
}

/** Before the first event. */
export const NOTHING: LiveState = {
  connection: "connecting",
  failures: 0,
  refusal: null,
  status: null,
  statistics: null,
  revision: "",
  storeProblem: null,
};

/** What follows from an event; the same state if it says nothing new or is not understood. */
export function reduce(state: LiveState, { event, data }: ServerEvent): LiveState {
  const value = parse(data);
  if (value === null) return state;
  switch (event) {
    case "status":
      // Whoever sends a status has read the store.
      return { ...state, status: value as LiveStatus, storeProblem: null };
    case "statistics":
      return { ...state, statistics: value as LiveStatistics };
    case "changed": {
      const { revision } = value as { revision?: unknown };
      return { ...state, revision: String(revision) };
    }
    case "store": {
      const { ok, message } = value as { ok?: unknown; message?: unknown };
      return {
        ...state,
        storeProblem: ok === true ? null : String(message ?? "The store cannot be used"),
      };
    }
    default:
      return state;
  }
}

/** What follows from the answer to a change of a queue: it shows before the stream tells it. */
export function withQueue(state: LiveState, queue: QueueJson): LiveState {
  if (state.status === null) return state;
  const queues = state.status.queues.map((old) => old.name === queue.name ? queue : old);
  return { ...state, status: { ...state.status, queues } };
}

/**
 * What follows from the stream itself: opened, ended, or put to sleep.
 *
 * @param refusal why the server does not want to give it, if it said so
 */
export function connected(
  state: LiveState,
  connection: Connection,
  refusal: string | null = null,
): LiveState {
  if (connection === "open") return { ...state, connection, failures: 0, refusal };
  if (connection === "away") return { ...state, connection, failures: state.failures + 1, refusal };
  return { ...state, connection };
}

/** The first wait, milliseconds. */
const FIRST_WAIT = 500;
/** The longest wait, milliseconds. */
const LONGEST_WAIT = 10_000;

/**
 * How long to wait before the next try, milliseconds: twice as long each time, and a part of it by chance,
 * so that a hundred pages do not come back at once.
 *
 * @param failures in a row, 1 or more
 * @param random 0 to 1
 */
export function waitBefore(failures: number, random: number): number {
  const whole = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.max(0, failures - 1));
  return Math.round(whole * (0.75 + random / 2));
}

function parse(data: string): object | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
