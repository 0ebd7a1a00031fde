/**
 * A worker that is itself started inside a job.
 *
 * @module
 */

/** What every command finds in its environment; a job within a job must not inherit the outer one's. */
const ATTEMPT_VARIABLES = [
  "QUEUECTL_JOB_ID",
  "QUEUECTL_ATTEMPT",
  "QUEUECTL_MAX_RETRIES",
  "QUEUECTL_QUEUE",
  "QUEUECTL_ATTEMPT_TOKEN",
  "QUEUECTL_DB",
  "QUEUECTL_SCHEDULE",
  "QUEUECTL_FIRE_TIME",
  // The trace of whoever started the worker is not that of its jobs.
  "TRACEPARENT",
];

/**
 * Takes the outer attempt out of the environment.
 *
 * @param env the environment; that of this process if absent
 * @returns the id of the job in which this process runs, if that is of the store at `address`
 */
export function dropOuterAttempt(
  address: string,
  env: Pick<Deno.Env, "get" | "delete"> = Deno.env,
): string | null {
  const isSameStore = env.get("QUEUECTL_DB") === address;
  const id = env.get("QUEUECTL_JOB_ID") ?? null;
  for (const name of ATTEMPT_VARIABLES) env.delete(name);
  return isSameStore ? id : null;
}
