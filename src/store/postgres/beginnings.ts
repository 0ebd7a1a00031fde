/**
 * Where a worker looks for its next jobs. The entries of jobs that were claimed stay at the front of the index until
 * nobody can see them any more: while somebody reads for an hour, until a million of them are there, and every claim
 * walks over all of them, 0.27 ms for each thousand. So where a look takes long, a worker goes on from where it was,
 * and looks at everything again only as often as that costs a tenth of its time. What came back before that place
 * (retries, jobs that were handed back) waits for such a look, and so do new queues and priorities.
 *
 * @module
 */

/** The pending jobs of a queue with one priority. */
export interface Lane {
  readonly queue: string;
  readonly priority: number;
  /** The first one that is not known to be claimed is this or a later one. */
  readonly first: number;
}

/** A job that was claimed. */
export interface Place {
  readonly queue: string;
  readonly priority: number;
  readonly seq: number;
}

/** A look is long from so many milliseconds on: less than that may be a busy server. */
const LONG = 20;

/** Fewer jobs than these were never a long walk. */
const FAR = 5000;

/** With more lanes than these nothing is known. */
const MOST = 1000;

/** Looking at everything takes at most one part in so many of the time. */
const PART = 10;

/** What one worker knows; it begins with nothing. */
export class Beginnings {
  readonly #clock: () => number;
  readonly #lanes = new Map<string, Lane & { readonly since: number }>();
  #fullLookAt = -Infinity;

  /** @param clock monotonic, milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Where the next look goes to; null is everywhere. */
  lanes(): readonly Lane[] | null {
    if (this.#clock() >= this.#fullLookAt) return null;
    return [...this.#lanes.values()];
  }

  /** A look has taken so many milliseconds, and found these jobs, in their order. */
  note(places: readonly Place[], took: number): void {
    // In their order: the last one of each lane counts.
    for (const { queue, priority, seq } of places) {
      const key = `${priority} ${queue}`;
      const since = Math.min(this.#lanes.get(key)?.since ?? seq, seq);
      this.#lanes.set(key, { queue, priority, first: seq + 1, since });
    }
    if (this.#lanes.size > MOST) this.#lanes.clear();
    const isFar = this.#lanes.values().some(({ first, since }) => first - since >= FAR);
    if (took >= LONG && isFar) this.#fullLookAt = this.#clock() + PART * took;
  }

  /** Everything is looked at the next time. */
  forget(): void {
    this.#fullLookAt = -Infinity;
  }
}
