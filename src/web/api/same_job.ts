/**
 * Whether a job that is there is the one that somebody wants to enqueue.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import type { Job } from "../../job/job.ts";
import type { JobSpec } from "../../job/spec_fields.ts";
import { resolveSpec, type SpecDefaults } from "../../job/spec.ts";

/** What a job keeps of a key of its spec; of the others nothing that could be compared is kept. */
const KEPT = {
  command: (job) => job.command,
  queue: (job) => job.queue,
  priority: (job) => job.priority,
  max_retries: (job) => job.maxRetries,
  backoff_base: (job) => job.backoffBase,
  backoff_max: (job) => job.backoffMax,
  backoff_jitter: (job) => job.backoffJitter,
  timeout: (job) => job.timeout,
  unique_key: (job) => job.uniqueKey,
  after: (job) => job.after,
  cwd: (job) => job.cwd,
  tags: (job) => job.tags,
  fatal_exit_codes: (job) => job.fatalExitCodes,
} satisfies { readonly [K in keyof JobSpec]?: (job: ComparedJob) => unknown };

type ComparedJob = Pick<
  Job,
  | "command"
  | "queue"
  | "priority"
  | "maxRetries"
  | "backoffBase"
  | "backoffMax"
  | "backoffJitter"
  | "timeout"
  | "uniqueKey"
  | "after"
  | "cwd"
  | "tags"
  | "fatalExitCodes"
>;

/** The keys that are compared. */
export const COMPARED_KEYS: readonly string[] = [...Object.keys(KEPT), "env"];

/**
 * Compares a job with a spec by the keys that the spec gives; of `env` the names.
 *
 * @throws {ConflictError} if they differ; `field` is the key
 */
export function refuseOther(job: Job, spec: JobSpec, defaults: SpecDefaults): void {
  const wanted = resolveSpec(spec, defaults, () => job.id);
  const differing =
    Object.entries(KEPT).find(([key, of]) =>
      Object.hasOwn(spec, key) && JSON.stringify(of(job)) !== JSON.stringify(of(wanted))
    )?.[0] ?? (hasOtherNames(job, spec) ? "env" : null);
  if (differing === null) return;
  const error = new ConflictError(
    `A job with the id ${job.id} exists already, and its ${differing} is another one`,
  );
  error.field = differing;
  throw error;
}

/** The trace that a job belongs to is added to what was given. */
function hasOtherNames({ envNames }: Job, { env }: JobSpec): boolean {
  if (env === undefined) return false;
  const names = new Set(Object.keys(env));
  return names.size > envNames.length ||
    !envNames.every((name) => names.has(name) || name === "TRACEPARENT") ||
    [...names].some((name) => !envNames.includes(name));
}
