/**
 * How long a job waits after a failed attempt.
 *
 * @module
 */

/** The part of a job's retry policy that decides the wait. */
export interface Backoff {
  /** The base of the power: 2 waits 2, 4, 8, … seconds; 0 not at all. */
  readonly backoffBase: number;
  /** The longest wait, milliseconds, before jitter. */
  readonly backoffMax: number;
  /** 0 to 1: up to this share of the wait is added or removed. */
  readonly backoffJitter: number;
}

/**
 * The wait after the n-th failed attempt, in whole milliseconds: `min(base ^ n, max)` seconds, then
 * up to `jitter` of it added or removed (DESIGN section 2).
 *
 * @param failures how many attempts have failed in this life of the job, 1 or more
 * @param random uniform in [0, 1); 0.5 means no jitter
 */
export function backoffDelay(policy: Backoff, failures: number, random: number): number {
  // A large power is Infinity, and min() brings it back to the limit.
  const wait = Math.min(policy.backoffBase ** failures * 1000, policy.backoffMax);
  return Math.round(wait * (1 + policy.backoffJitter * (2 * random - 1)));
}
