/// <reference lib="dom" />
/**
 * What a view shows of the API, kept fresh while it is shown.
 *
 * @module
 */

import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type ApiError, get } from "./api.ts";
import { type Answer, Follower, type Timers } from "./follower.ts";
import { openings, revision } from "./live.ts";

/** At most so often is the same asked again because the store has changed, milliseconds. */
const PACE = 1000;
/** So many answers are remembered: who goes back sees at once what was there. */
const KEPT = 30;

/** What is known of an answer. */
export interface Resource<T> {
  /** The last good answer; undefined before the first. */
  readonly data: T | undefined;
  /** Why the last try failed; null if it did not. */
  readonly error: ApiError | null;
  /** Whether the answer is for what was asked before, and the new one is on its way. */
  readonly stale: boolean;
}

/** A resource and how to ask again at once. */
export interface Followed<T> {
  readonly state: ReadonlySignal<Resource<T>>;
  readonly reload: () => void;
}

/** How to follow. */
export interface FollowOptions {
  /** Not asked again because the store has changed: only by `reload()`. */
  readonly still?: boolean;
}

const remembered = new Map<string, unknown>();

/**
 * Asks the API for `link` whenever it, or the store, changes.
 *
 * While a new link is asked for, the answer of the last one stays, marked as stale.
 *
 * @param link below `/api`, with its query (`linkTo`); null: nothing is asked
 */
export function useResource<T>(link: string | null, options: FollowOptions = {}): Followed<T> {
  const state = useSignal<Resource<T>>(first(link));
  const again = useSignal(0);
  const asked = useRef(link);
  if (asked.current !== link) {
    // Before anything is rendered: the last answer must not pass for one to the new question.
    asked.current = link;
    if (link !== null) state.value = between(link, state.peek());
  }
  // Before the picture: the server answers while the browser draws.
  useLayoutEffect(() => {
    if (link === null) return;
    return follow<T>(link, options.still ?? false, again, (next) => {
      if ("data" in next) {
        keep(link, next.data);
        state.value = { data: next.data, error: null, stale: false };
      } else {
        state.value = { ...state.peek(), error: next.error as ApiError };
      }
    });
  }, [link]);
  return { state, reload: () => again.value++ };
}

/** Asks now, and again as the store changes, until the function that it returns is called. */
function follow<T>(
  link: string,
  still: boolean,
  again: ReadonlySignal<number>,
  tell: (answer: Answer<T>) => void,
): () => void {
  const follower = new Follower<T>({
    ask: (signal) => get<T>(link, { signal }),
    tell,
    pace: PACE,
    timers: TIMERS,
  });
  follower.now();
  const soon = () => follower.soon();
  const stops = [
    onChange(again, () => follower.now()),
    ...still ? [] : [onChange(revision, soon), onChange(openings, soon)],
  ];
  return () => {
    follower.stop();
    for (const stop of stops) stop();
  };
}

const TIMERS: Timers = {
  now: () => performance.now(),
  after(delay, work) {
    const timer = setTimeout(work, delay);
    return () => clearTimeout(timer);
  },
};

/** Calls `listener` when the value changes, not for the one that it has. */
function onChange<T>(value: ReadonlySignal<T>, listener: () => void): () => void {
  let initial = true;
  return value.subscribe(() => {
    if (!initial) listener();
    initial = false;
  });
}

function first<T>(link: string | null): Resource<T> {
  const data = link === null ? undefined : remembered.get(link) as T | undefined;
  return { data, error: null, stale: false };
}

/** What is known when `link` has just been asked, and something else before. */
function between<T>(link: string, last: Resource<T>): Resource<T> {
  const known = remembered.get(link) as T | undefined;
  return known === undefined
    ? { ...last, error: null, stale: last.data !== undefined }
    : { data: known, error: null, stale: false };
}

function keep(link: string, data: unknown): void {
  remembered.delete(link);
  remembered.set(link, data);
  if (remembered.size > KEPT) remembered.delete(remembered.keys().next().value!);
}

/** Forgets every answer: another user may come. */
export function forgetAnswers(): void {
  remembered.clear();
}

/**
 * What runs now, so that its button does nothing when it is pressed again. Show it by `aria-disabled`: a
 * button that is `disabled` loses the focus.
 */
export function useBusy(): {
  readonly busy: ReadonlySignal<boolean>;
  readonly run: (work: () => Promise<void>) => Promise<void>;
} {
  const busy = useSignal(false);
  const run = async (work: () => Promise<void>) => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      await work();
    } finally {
      busy.value = false;
    }
  };
  return { busy, run };
}
