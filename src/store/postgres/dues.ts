/**
 * From where on a worker looks for jobs that are due. Entries of those that were promoted stay at the front of the index
 * as long as somebody may see them, see `beginnings.ts`; so where a look at all of them takes long, a worker looks from
 * there on where the last look was, and at all of them in a tenth of its time.
 *
 * @module
 */

import { Pace } from "../sql/pace.ts";

/** When the next job is due. By its order the index is found, whatever the planner knows of the table. */
export const NEXT_DUE =
  "(SELECT run_at FROM job WHERE state = 'scheduled' OR state = 'failed' ORDER BY run_at LIMIT 1)";

/** Before any moment. */
const EVER = Number.MIN_SAFE_INTEGER;

/** Jobs may be due so many milliseconds before the clock here says so. */
const EARLY = 5;

/** What falls due at a moment can be seen so many milliseconds later at the latest, or is found by a look at all. */
const HIDDEN = 10_000;

/** What one worker knows. */
export class Dues {
  readonly #clock: () => number;
  readonly #pace: Pace;
  #since = EVER;
  /** When the next job seems to be due, by the clock. */
  #dueAt = -Infinity;

  /** @param clock monotonic, milliseconds */
  constructor(clock: () => number) {
    this.#clock = clock;
    this.#pace = new Pace(clock);
  }

  /** Whether jobs may be due by now, as far as the last look can tell: most ticks need not promote any. */
  get mayBeDue(): boolean {
    return this.#clock() >= this.#dueAt - EARLY;
  }

  /** The next look is at jobs that are due from this moment on, milliseconds since the epoch. */
  since(): number {
    return this.#pace.isTime ? EVER : this.#since;
  }

  /**
   * What a look has found.
   *
   * @param since from where it went
   * @param took milliseconds
   * @param now of the server
   * @param nextAt when the first job is due of those that are left
   */
  note(since: number, { took, jobs, now, nextAt }: {
    readonly took: number;
    /** The number of the newest one. */
    readonly jobs: number;
    readonly now: number;
    readonly nextAt: number | null;
  }): void {
    if (since === EVER) this.#pace.note(took, jobs);
    this.#since = Math.min(now - HIDDEN, nextAt ?? Infinity);
    this.#dueAt = nextAt === null ? Infinity : this.#clock() + nextAt - now;
  }
}
