/**
 * One at a time.
 *
 * @module
 */

/** Lets one piece of work go on at a time: what each holds in memory is not multiplied. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does the work when all that came before is done. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work, work);
    this.#last = result.catch(() => {});
    return result;
  }
}
