/**
 * The exit code of a command that ends as jobs did.
 *
 * @module
 */

import type { Job } from "../job/job.ts";

/** What has no exit code of its own: it was cancelled, lost, or could not be started. */
const NO_CODE = 1;

/** 0 if all have completed, else that of the first one that has not. */
export function exitCodeOfJobs(jobs: readonly Pick<Job, "state" | "exitCode">[]): number {
  const failed = jobs.find(({ state }) => state !== "completed");
  if (failed === undefined) return 0;
  const code = failed.exitCode ?? NO_CODE;
  // A command that is told to end may exit with 0; its job has not completed even so. Of a longer code,
  // as an import may bring it, a shell would see the last byte only.
  return code % 256 === 0 ? NO_CODE : code;
}
