/**
 * The job spec of a schedule: what each of its firings enqueues.
 *
 * @module
 */

import { resolveConfig } from "../config.ts";
import { UsageError } from "../errors.ts";
import { canonicalKey, parseSpec, resolveSpec, SpecError } from "../job/spec.ts";
import { SPEC_FIELDS } from "../job/spec_fields.ts";
import { specDefaults } from "../spec_defaults.ts";
import type { Store } from "../store/store.ts";

/** Keys that do not fit every firing alike, and why. */
export const UNFIT_KEYS = {
  id: "each firing makes a job with an id of its own",
  after: "a firing waits for no other job",
} as const;

/**
 * Validates what somebody wrote as the job of a schedule.
 *
 * @returns its keys, spelled as the spec does, with the values as they were written
 * @throws {UsageError} if anything is wrong with it, or a key does not fit; `field` names the key
 */
export function readScheduledJob(written: unknown): Record<string, unknown> {
  try {
    parseSpec(written);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new UsageError(`Invalid job: ${error.message}`, { field: error.key });
  }
  if (typeof written === "string") return { command: written };
  const given = Object.entries(written as Record<string, unknown>)
    .map(([key, value]) => [canonicalKey(key), value] as const)
    .filter(([key, value]) => value !== null && Object.hasOwn(SPEC_FIELDS, key));
  const reasons: Readonly<Record<string, string>> = {
    ...UNFIT_KEYS,
    run_at: "its cron expression says when; delay makes each job wait after its firing",
  };
  for (const [key] of given) {
    if (!Object.hasOwn(reasons, key)) continue;
    throw new UsageError(`Invalid job: "${key}" does not fit a schedule: ${reasons[key]}`, {
      field: key,
    });
  }
  return Object.fromEntries(given);
}

/**
 * The spec with the directory in which its jobs run: they are enqueued by a worker, from elsewhere. In a store
 * that several machines share, a job that names none has none.
 *
 * @param cwd an absolute directory
 */
export async function withDirectory(
  spec: Record<string, unknown>,
  store: Store,
  cwd: string,
): Promise<Record<string, unknown>> {
  const place = { directory: cwd, isShared: store.isShared };
  const defaults = specDefaults(resolveConfig(await store.settings()), place);
  const { cwd: directory } = resolveSpec(parseSpec(spec), defaults, () => "");
  return directory === null ? spec : { ...spec, cwd: directory };
}
