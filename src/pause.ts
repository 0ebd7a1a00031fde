/**
 * Looking at the store again and again.
 *
 * @module
 */

/** The first pause, milliseconds: much ends soon after it is asked for. */
const FIRST = 10;
/** The longest one. A look at one job takes about 50 µs, so ten a second are next to nothing. */
const LONGEST = 100;

/** The pauses between two looks at the store, the first ones shorter than the later ones. */
export class Pause {
  #next = FIRST;

  /**
   * Waits for the next look.
   *
   * @param until ends the wait early
   */
  async wait(until?: AbortSignal): Promise<void> {
    const length = this.#next;
    this.#next = Math.min(LONGEST, length * 2);
    if (until?.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, length);
    const early = () => resolve();
    until?.addEventListener("abort", early);
    await promise;
    until?.removeEventListener("abort", early);
    clearTimeout(timer);
  }
}
