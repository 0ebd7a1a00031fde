/**
 * What a supervisor sleeps on.
 *
 * @module
 */

/** Wakes one sleeper; a call that comes while nobody sleeps is kept for the next. */
export class Wakeup {
  #pending = false;
  #wake: (() => void) | null = null;

  /** Ends the sleep, or the next one at once. */
  call(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** Sleeps until a call, at most so many milliseconds; whether there was a call. */
  async sleep(limit: number): Promise<boolean> {
    if (!this.#pending) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, limit);
      });
      clearTimeout(timer);
      this.#wake = null;
    }
    const called = this.#pending;
    this.#pending = false;
    return called;
  }
}
