/**
 * Waiting for a condition, never for time.
 *
 * @module
 */

/** How long to wait and what to say when it was in vain. */
export interface WaitForOptions {
  /** Milliseconds after which the wait fails; 10,000 if absent. */
  readonly timeout?: number;
  /** Milliseconds between two looks; 20 if absent. */
  readonly interval?: number;
  /** What was waited for; a function is asked when the time is over. */
  readonly message?: string | (() => string);
}

/**
 * Asks until the answer is neither `undefined`, `null` nor `false`, and returns it. An error of the
 * condition ends the wait.
 *
 * @throws if the time is over
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  { timeout = 10_000, interval = 20, message = "the condition" }: WaitForOptions = {},
): Promise<Exclude<Awaited<T>, undefined | null | false>> {
  const end = performance.now() + timeout;
  while (true) {
    const answer = await condition();
    if (answer !== undefined && answer !== null && answer !== false) {
      return answer as Exclude<Awaited<T>, undefined | null | false>;
    }
    if (performance.now() > end) {
      const what = typeof message === "string" ? message : message();
      throw new Error(`Waited ${timeout} ms in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}
