/**
 * Where a worker looks for its next jobs. The entries of jobs that were claimed stay at the front of the index until
 * nobody can see them any more: while somebody reads for an hour, until a million of them are there, and every claim
 * walks over all of them several times, 0.27 ms for each thousand. So where that takes long, a worker goes on from where
 * it was, in each queue and priority of its own; what came back before that place (retries, jobs that were handed back)
 * it finds by and by, in portions that are gone through in a tenth of its time, and queues and priorities that are new
 * in another tenth. So what a tick takes does not grow with the jobs that there were.
 *
 * @module
 */

import { isLong, Pace } from "../sql/pace.ts";

/** The pending jobs of a queue with one priority, from one place to another. */
export interface Lane {
  readonly queue: string;
  readonly priority: number;
  /** The first one is this or a later one. */
  readonly first: number;
  /** All are before this one. */
  readonly past: number;
}

/** Where to look. */
export interface Look {
  readonly lanes: readonly Lane[];
  /** Some of the lanes are portions of what is done, from one number to another: to find what came back. */
  readonly back: readonly [from: number, past: number] | null;
  /** Whether to look for queues and priorities that are none of the lanes. */
  readonly around: boolean;
}

/** A job that was claimed. */
export interface Place {
  readonly queue: string;
  readonly priority: number;
  readonly seq: number;
}

/** What a look has found. */
export interface Found {
  /** In their order. */
  readonly places: readonly Place[];
  /** Milliseconds. */
  readonly took: number;
  /** No more were wanted. */
  readonly isFull: boolean;
  /** There was nothing else in the lanes. */
  readonly isAll: boolean;
  /** The number of the newest job at that moment. */
  readonly newest: number;
}

/** Behind all jobs. */
export const END = Number.MAX_SAFE_INTEGER;

/** With more lanes than these everything is looked at. */
const MOST = 1000;

/** So many looks at everything that are long, one after the other, are no accident. */
const LONG_ONES = 2;

/** Numbers of jobs that are gone through at once, at first and at the least. */
const PORTION = 50_000;
const LEAST = 1000;

/** The number of a job is given before it can be seen: milliseconds that may lie in between. */
const HIDDEN = 5000;

/** What one worker knows; it begins with nothing. */
export class Beginnings {
  readonly #clock: () => number;
  readonly #lanes = new Map<string, Lane>();
  readonly #back: Pace;
  readonly #around: Pace;
  #longOnes = 0;
  /** Up to where what came back was looked for, and how far that goes at once. */
  #reached = 0;
  #portion = PORTION;
  #wasAround = false;
  /** Both kinds of looks were short the last time, and went over everything. */
  readonly #isShort = { back: false, around: false };
  /** Jobs up to this number can be seen since a while. */
  #seen: { readonly newest: number; readonly at: number } | null = null;

  /** @param clock monotonic, milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#back = new Pace(clock);
    this.#around = new Pace(clock);
  }

  /** Where the next look goes to; null is everywhere. */
  look(): Look | null {
    if (this.#longOnes < LONG_ONES || this.#lanes.size > MOST) return null;
    const lanes = [...this.#lanes.values()];
    const isBack = this.#back.isTime;
    if (this.#around.isTime && !(isBack && this.#wasAround)) {
      return { lanes, back: null, around: true };
    }
    if (!isBack) return { lanes, back: null, around: false };
    const [from, past] = [this.#reached, this.#reached + this.#portion];
    const behind = lanes.filter(({ first }) => first > from)
      .map((lane) => ({ ...lane, first: from, past: Math.min(past, lane.first) }));
    return { lanes: [...lanes, ...behind], back: [from, past], around: false };
  }

  /** Whether another look may find more. */
  get hasMore(): boolean {
    return this.#longOnes >= LONG_ONES && (this.#back.isTime || this.#around.isTime);
  }

  /** What a look has found. */
  note(look: Look | null, found: Found): void {
    const { places, took, newest, isAll } = found;
    if (look === null) this.#noteEvery(isLong(took, newest));
    else if (look.around) this.#noteAround(found);
    else if (look.back !== null) this.#noteBack(look.back, found);
    for (const { queue, priority, seq } of places) this.#begin(queue, priority, seq + 1);
    if (look !== null && isAll) this.#noteEnd(look.lanes, newest);
    if (this.#isShort.back && this.#isShort.around) this.forget();
  }

  /** Everything is looked at the next time, and if that takes long, not again. */
  forget(): void {
    this.#isShort.back = this.#isShort.around = false;
    this.#longOnes = this.#longOnes >= LONG_ONES ? LONG_ONES - 1 : 0;
  }

  /** What is known is of no use while nothing takes long, and with a queue for each customer it would grow and grow. */
  #noteEvery(isLong: boolean): void {
    this.#longOnes = isLong ? this.#longOnes + 1 : 0;
    if (!isLong) this.#lanes.clear();
  }

  #noteAround({ places, took, newest }: Found): void {
    // Where there is one new lane there may be more.
    this.#wasAround = places.every((place) => this.#lanes.has(keyOf(place)));
    this.#around.note(took, newest);
    this.#isShort.around = !isLong(took, newest);
  }

  #noteBack([from, past]: readonly [number, number], found: Found): void {
    const { places, took, isFull, newest } = found;
    this.#wasAround = false;
    const hasFound = places.some((place) =>
      place.seq < (this.#lanes.get(keyOf(place))?.first ?? 0)
    );
    // There may be more of them at the same place.
    if (hasFound && isFull) return;
    const end = Math.max(0, ...this.#lanes.values().map(({ first }) => first));
    const isShort = !isLong(took, newest);
    this.#isShort.back = from === 0 && past >= end && isShort;
    this.#reached = past >= end ? 0 : past;
    if (isShort) this.#portion = Math.min(2 * this.#portion, Math.max(PORTION, end));
    else if (isLong(took / 3, newest)) {
      this.#portion = Math.max(LEAST, Math.ceil(this.#portion / 2));
    }
    this.#back.note(took, newest);
  }

  /** The lanes hold nothing that was there a while ago. */
  #noteEnd(lanes: readonly Lane[], newest: number): void {
    const now = this.#clock();
    if (this.#seen !== null && now < this.#seen.at + HIDDEN) return;
    if (this.#seen !== null) {
      for (const { queue, priority } of lanes) this.#begin(queue, priority, this.#seen.newest + 1);
    }
    this.#seen = { newest, at: now };
  }

  #begin(queue: string, priority: number, first: number): void {
    const key = keyOf({ queue, priority });
    const before = this.#lanes.get(key)?.first ?? 0;
    this.#lanes.set(key, { queue, priority, first: Math.max(before, first), past: END });
  }
}

function keyOf({ queue, priority }: { readonly queue: string; readonly priority: number }): string {
  return `${priority} ${queue}`;
}
