/**
 * What a supervisor sleeps on.
 *
 * @module
 */

/** Wakes one sleeper; a call that comes while nobody sleeps is kept for the next. */
export class Wakeup {
  #pending = false;
  /** A call comes soon. */
  #isArmed = false;
  #wake: (() => void) | null = null;
  readonly #channel = new MessageChannel();

  /** Whether the next sleep ends at once. */
  get isCalled(): boolean {
    return this.#pending;
  }

  /** Ends the sleep, or the next one at once. */
  call(): void {
    this.#pending = true;
    this.#wake?.();
  }

  /** A call so many milliseconds from now, which stands for all such calls until then. */
  callLater(delay: number): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    const timer = setTimeout(() => {
      this.#isArmed = false;
      this.call();
    }, delay);
    Deno.unrefTimer(timer);
  }

  /** What was called for until now is seen to already. */
  answer(): void {
    this.#pending = false;
  }

  /**
   * Sleeps until a call, at most so many milliseconds. After a call that is kept it only gives signals
   * and messages their turn, which an event loop that is never idle would not.
   */
  async sleep(limit: number): Promise<void> {
    if (this.#pending) await this.#turn();
    else {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const timer = setTimeout(resolve, limit);
      await promise;
      clearTimeout(timer);
      this.#wake = null;
    }
    this.#pending = false;
  }

  /** One turn of the event loop; a timer of 0 would be one of a millisecond. */
  #turn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#channel.port1.onmessage = () => resolve();
    this.#channel.port2.postMessage(null);
    return promise;
  }
}
