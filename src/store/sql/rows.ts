/**
 * Rows of the schema as values of the domain.
 *
 * @module
 */

import type { Attempt, Job } from "../../job/job.ts";
import type { OutcomeKind } from "../../job/outcome.ts";
import type { State } from "../../job/state.ts";
import type { Stream } from "../../worker/protocol.ts";
import type { OutputPiece } from "../store.ts";
import type { ClaimedJob } from "../tick.ts";
import type { StopRequest, WorkerInfo } from "../workers.ts";
import type { Row } from "./work.ts";

/** The columns of `job` that {@link jobFromRow} reads. */
export const JOB_COLUMNS =
  "id, queue, state, priority, attempts, max_retries, backoff_base, backoff_max, backoff_jitter, " +
  "run_at, created_at, updated_at, started_at, finished_at, exit_code, error, worker_id, " +
  "cancel_requested, timeout, unique_key, schedule, fire_time, progress, progress_message, cwd, " +
  "tags, after, fatal_exit_codes, env, command";

/** A row of `job`. */
export function jobFromRow(row: Row): Job {
  return {
    id: row.id as string,
    command: row.command as string,
    queue: row.queue as string,
    priority: row.priority as number,
    maxRetries: row.max_retries as number,
    backoffBase: row.backoff_base as number,
    backoffMax: row.backoff_max as number,
    backoffJitter: row.backoff_jitter as number,
    cwd: row.cwd as string | null,
    tags: list(row.tags),
    timeout: row.timeout as number | null,
    uniqueKey: row.unique_key as string | null,
    after: list(row.after),
    fatalExitCodes: list(row.fatal_exit_codes),
    schedule: row.schedule as string | null,
    fireTime: row.fire_time as number | null,
    state: row.state as State,
    attempts: row.attempts as number,
    runAt: row.run_at as number | null,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
    startedAt: row.started_at as number | null,
    finishedAt: row.finished_at as number | null,
    exitCode: row.exit_code as number | null,
    error: row.error as string | null,
    workerId: row.worker_id as string | null,
    cancelRequested: row.cancel_requested === 1,
    envNames: row.env === "{}" ? [] : Object.keys(envFromRow(row)),
    progress: row.progress === null ? null : {
      percent: row.progress as number,
      message: row.progress_message as string | null,
    },
  };
}

/** What a claim tells of a row of `job`, for its attempt of this number in this life. */
export function claimedJobFromRow(row: Row, attempts: number): ClaimedJob {
  return {
    id: row.id as string,
    command: row.command as string,
    queue: row.queue as string,
    attempts,
    maxRetries: row.max_retries as number,
    timeout: row.timeout as number | null,
    cwd: row.cwd as string | null,
    schedule: row.schedule as string | null,
    fireTime: row.fire_time as number | null,
  };
}

/** What a row of `job` adds to the environment of the command, values and all. */
export function envFromRow(row: Row): Record<string, string> {
  return envFromText(row.env as string);
}

/** What the text of that column says. */
export function envFromText(text: string): Record<string, string> {
  return text === "{}" ? {} : JSON.parse(text);
}

/** A list as the text that a column holds; most are empty. */
export function listText(list: readonly unknown[]): string {
  return list.length === 0 ? "[]" : JSON.stringify(list);
}

/** Most lists are empty, and then nothing is parsed. */
function list<T>(text: unknown): readonly T[] {
  return text === "[]" ? [] : JSON.parse(text as string);
}

/** A row of `attempt`. */
export function attemptFromRow(row: Row): Attempt {
  return {
    attempt: row.attempt as number,
    outcome: row.outcome as OutcomeKind | null,
    startedAt: row.started_at as number,
    finishedAt: row.finished_at as number | null,
    exitCode: row.exit_code as number | null,
    error: row.error as string | null,
    workerId: row.worker_id as string,
    host: row.host as string,
    outputBytes: row.output_bytes as number,
  };
}

/** A row of `output`. */
export function pieceFromRow(row: Row): OutputPiece {
  return {
    seq: row.seq as number,
    stream: row.stream as Stream,
    time: row.time as number,
    missing: row.missing as number,
    bytes: row.bytes as Uint8Array,
  };
}

/** A row of `worker`, with the number of its running attempts as `busy`. */
export function workerFromRow(row: Row): WorkerInfo {
  return {
    id: row.id as string,
    host: row.host as string,
    hostIdentity: row.host_identity as string,
    process: { pid: row.pid as number, startTime: row.process_start as string },
    joinOrder: row.join_order as number,
    slots: row.slots as number,
    queues: queuesFromRow(row),
    busy: row.busy as number,
    state: row.draining === 1 ? "draining" : "running",
    stopRequest: row.stop_request as StopRequest | null,
    slotsRequest: row.slots_request as number | null,
    startedAt: row.started_at as number,
    heartbeatAt: row.heartbeat_at as number,
    heartbeat: row.heartbeat as number,
    unmovedFor: row.unmoved as number,
    // Only where workers are of several hosts.
    ...typeof row.lease === "number" ? { lease: row.lease } : {},
  };
}

/** The queues that a row of `worker` names; null is every queue. */
export function queuesFromRow({ queues }: Row): string[] | null {
  return queues === null ? null : JSON.parse(queues as string);
}
