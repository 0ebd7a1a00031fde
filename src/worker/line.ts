/**
 * The line behind a slot: attempts that were claimed ahead, so that a slot in which jobs end every few
 * milliseconds need not wait for a tick between two of them.
 *
 * @module
 */

import type { AttemptStart } from "./protocol.ts";

/** The places in a line. */
export const PLACES = 8;

/** So long an attempt waits at the most, milliseconds: the one before it takes longer than expected. */
export const MAX_WAIT = 100;

interface Waiting {
  readonly start: AttemptStart;
  /** By the wall clock, which goes on while a machine sleeps. */
  readonly since: number;
}

/** First come, first served. */
export class Line {
  #waiting: Waiting[] = [];

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** An attempt waits until it is its turn. */
  join(start: AttemptStart): void {
    this.#waiting.push({ start, since: Date.now() });
  }

  /** The next one, who leaves; undefined if nobody waits. */
  next(): AttemptStart | undefined {
    return this.#waiting.shift()?.start;
  }

  /** Those who have waited for too long, who leave. */
  takeLate(): AttemptStart[] {
    const now = Date.now();
    return this.#take(({ since }) => Math.abs(now - since) >= MAX_WAIT);
  }

  /** The attempt with this token, if it waits here; it leaves. */
  takeOut(token: string): AttemptStart[] {
    return this.#take(({ start }) => start.token === token);
  }

  /** All, who leave. */
  takeAll(): AttemptStart[] {
    return this.#take(() => true);
  }

  #take(isTaken: (waiting: Waiting) => boolean): AttemptStart[] {
    const taken = this.#waiting.filter(isTaken);
    if (taken.length > 0) this.#waiting = this.#waiting.filter((one) => !taken.includes(one));
    return taken.map(({ start }) => start);
  }
}
