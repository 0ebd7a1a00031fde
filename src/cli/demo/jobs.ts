/**
 * Reading jobs back, through the commands that print them.
 *
 * @module
 */

import type { AttemptJson, JobJson } from "../../job/json.ts";
import type { Stage } from "./stage.ts";
import { StepFailure } from "./step.ts";

/** A job with its attempts, oldest first, as `show ID --json` prints it. */
export interface ShownJob extends JobJson {
  readonly attempt_log: readonly AttemptJson[];
}

/** One job with its attempts. */
export function readJob(stage: Stage, id: string): Promise<ShownJob> {
  return stage.read<ShownJob>(["show", id]);
}

/** All jobs of the store, newest first. */
export function readJobs(stage: Stage): Promise<JobJson[]> {
  return stage.read<JobJson[]>(["list", "--limit", "0"]);
}

/** The outcomes of a job's attempts in their order, such as `failed, completed`. */
export function outcomesOf(job: ShownJob): string {
  return job.attempt_log.map(({ outcome }) => outcome ?? "none yet").join(", ");
}

/**
 * Makes sure that these jobs have completed.
 *
 * @returns them, in no order
 * @throws {StepFailure} if one has not; it says what the job wrote to its standard error
 */
export async function completedJobs(stage: Stage, ids: readonly string[]): Promise<JobJson[]> {
  const jobs = (await readJobs(stage)).filter(({ id }) => ids.includes(id));
  const bad = jobs.find(({ state }) => state !== "completed");
  if (bad !== undefined) {
    const written = (await stage.readText(["logs", bad.id, "--stderr"])).trim();
    const said = [bad.error, written.split("\n").at(-1)].filter(Boolean).join(": ");
    throw new StepFailure(`job ${bad.id} is ${bad.state}${said === "" ? "" : `: ${said}`}`);
  }
  if (jobs.length !== ids.length) {
    throw new StepFailure(`the store has ${jobs.length} of ${ids.length} jobs`);
  }
  return jobs;
}
