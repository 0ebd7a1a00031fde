/**
 * What an executor is told of a job that was claimed.
 *
 * @module
 */

import { formatTime } from "../job/time.ts";
import type { Claim, ClaimedJob } from "../store/tick.ts";
import type { AttemptStart, ProcessRef } from "./protocol.ts";

/** A slot that can take a job. */
export interface FreeSlot {
  readonly slot: number;
  readonly launcher: ProcessRef;
}

/** What is the same for all jobs of a worker. */
export interface StartOptions {
  /** What `--db` takes to mean the job's own store. */
  readonly address: string;
  /** At most so many bytes of output are kept. */
  readonly maxOutput: number;
  /** From SIGTERM to SIGKILL, milliseconds. */
  readonly killGrace: number;
}

/** The attempt of a claimed job, in this slot. */
export function attemptStart(claim: Claim, free: FreeSlot, options: StartOptions): AttemptStart {
  const { job, token, stdin } = claim;
  return {
    slot: free.slot,
    launcher: free.launcher,
    command: job.command,
    cwd: job.cwd,
    timeout: job.timeout,
    maxOutput: options.maxOutput,
    killGrace: options.killGrace,
    env: { ...claim.env, ...ownVariables(job, token, options.address) },
    ...{ token, stdin },
  };
}

/** After those of the user, who cannot set them. */
function ownVariables(job: ClaimedJob, token: string, address: string): Record<string, string> {
  const variables: Record<string, string> = {
    QUEUECTL_JOB_ID: job.id,
    QUEUECTL_ATTEMPT: String(job.attempts),
    QUEUECTL_MAX_RETRIES: String(job.maxRetries),
    QUEUECTL_QUEUE: job.queue,
    QUEUECTL_ATTEMPT_TOKEN: token,
    QUEUECTL_DB: address,
  };
  if (job.schedule !== null) {
    variables.QUEUECTL_SCHEDULE = job.schedule;
    variables.QUEUECTL_FIRE_TIME = formatTime(job.fireTime) ?? "";
  }
  return variables;
}
