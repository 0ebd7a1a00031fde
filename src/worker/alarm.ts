/**
 * A timer for however far ahead.
 *
 * @module
 */

/** The longest delay of `setTimeout`, milliseconds: a longer one is over at once. */
const MAX_DELAY = 2 ** 31 - 1;

/** Calls once, after so many milliseconds of the monotonic clock; never after it was disposed of. */
export class Alarm implements Disposable {
  readonly #at: number;
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout>;

  constructor(delay: number, ring: () => void) {
    this.#at = performance.now() + delay;
    this.#ring = ring;
    this.#timer = this.#arm(delay);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }

  #arm(left: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#look(), Math.min(Math.ceil(left), MAX_DELAY));
  }

  #look(): void {
    const left = this.#at - performance.now();
    if (left > 0) this.#timer = this.#arm(left);
    else this.#ring();
  }
}
