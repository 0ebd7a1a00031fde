/**
 * How often a look may be had that takes long. While somebody reads in one transaction for an hour, whatever is deleted
 * or changed stays where it was, and whoever looks for what is there now walks over all of it, 0.27 ms for a thousand.
 *
 * @module
 */

/** A look is long from so many milliseconds on: a claim of 16 jobs takes 2 where nothing is dead. */
const LONG = 5;

/** Among fewer jobs than these no look is long; it is the machine then that is slow. */
const FEW = 20_000;

/** Looks that are long take at most one part in so many of the time. */
const PART = 10;

/** Says when one kind of look may be had again. */
export class Pace {
  readonly #clock: () => number;
  #nextAt = -Infinity;

  /** @param clock monotonic, milliseconds */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Whether it may be had now. */
  get isTime(): boolean {
    return this.#clock() >= this.#nextAt;
  }

  /** It was had, and took so many milliseconds; so many jobs there were so far. */
  note(took: number, jobs: number): void {
    if (isLong(took, jobs)) this.#nextAt = this.#clock() + PART * took;
  }
}

/** Whether it is the dead rows for which a look has taken so many milliseconds. */
export function isLong(took: number, jobs: number): boolean {
  return took >= LONG && jobs >= FEW;
}
