/**
 * A server that has failed is not asked again at once: there may be hundreds who want to.
 *
 * @module
 */

/** The first pause at most, milliseconds; each failure doubles it. */
const FIRST = 250;
/** The longest one at most. */
const LONGEST = 4000;

/** Between two tries that fail there is a pause of a random length, in which all fail at once. */
export class Recovery {
  #pause = FIRST;
  #until = 0;
  #error: unknown = null;

  /**
   * Tries to do something.
   *
   * @throws what it has thrown, or the last time, where that was but a moment ago
   */
  async try<T>(work: () => Promise<T>): Promise<T> {
    if (performance.now() < this.#until) throw this.#error;
    try {
      const result = await work();
      this.#pause = FIRST;
      return result;
    } catch (error) {
      this.#error = error;
      this.#until = performance.now() + Math.random() * this.#pause;
      this.#pause = Math.min(LONGEST, this.#pause * 2);
      throw error;
    }
  }
}
