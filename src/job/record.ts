/**
 * A job as a line of an export: the printed job, and what else it takes to store the same job elsewhere.
 * `read_record.ts` reads such lines.
 *
 * @module
 */

import { toBase64 } from "../base64.ts";
import type { Attempt, Job } from "./job.ts";
import { type AttemptJson, attemptToJson, type JobJson, jobToJson } from "./json.ts";
import { formatTime } from "./time.ts";

/** A job with what its store keeps of it, but for its output and the values of its `env`. */
export interface KeptJob {
  readonly job: Job;
  /** Attempts begun over its whole life: the number of the last one. */
  readonly runs: number;
  /** The parent because of which it was cancelled. */
  readonly cancelledBy: string | null;
  /** The ids of those of its parents that have yet to end, for a job that is held or blocked. */
  readonly waitsFor: readonly string[];
  readonly stdin: string | null;
  /** The attempt log, oldest first. */
  readonly attempts: readonly Attempt[];
}

/** A piece of output that is kept, and the attempt that wrote it. */
export interface KeptPiece {
  /** Its number in the attempt log. */
  readonly attempt: number;
  /** The position of its first byte in the attempt's output, both streams taken together. */
  readonly seq: number;
  readonly stream: "stdout" | "stderr";
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** How many bytes, at least, are missing before this piece. */
  readonly missing: number;
  readonly bytes: Uint8Array;
}

/** A job that comes from another store, to be stored as it is. */
export interface MovedJob extends KeptJob {
  readonly env: Readonly<Record<string, string>>;
  /** In order. */
  readonly output: readonly KeptPiece[];
}

/** A job as a line of an export. */
export interface JobRecord extends JobJson {
  runs: number;
  cancel_requested: boolean;
  cancelled_by: string | null;
  /** Null where there are no parents: an empty list means that all have ended. */
  waits_for: readonly string[] | null;
  stdin: string | null;
  /** Absent where it was not asked for. */
  attempt_log?: readonly AttemptJson[];
}

/** A piece of output as an element of `output`, which ends the line. */
export interface PieceRecord {
  attempt: number;
  stream: "stdout" | "stderr";
  time: string | null;
  /** Absent where nothing is missing. */
  missing?: number;
  /** What it holds, if that is UTF-8; else `base64`. */
  text?: string;
  base64?: string;
}

/** The job as a line of an export, with its attempt log or without. */
export function jobToRecord(kept: KeptJob, withAttempts: boolean): JobRecord {
  const { job } = kept;
  return {
    ...jobToJson(job),
    runs: kept.runs,
    cancel_requested: job.cancelRequested,
    cancelled_by: kept.cancelledBy,
    waits_for: job.after.length === 0 ? null : kept.waitsFor,
    stdin: kept.stdin,
    ...(withAttempts ? { attempt_log: kept.attempts.map(attemptToJson) } : {}),
  };
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The piece as an element of `output`. Positions follow from lengths and from what is missing. */
export function pieceToRecord(
  { attempt, stream, time, missing, bytes }: Omit<KeptPiece, "seq">,
): PieceRecord {
  return {
    attempt,
    stream,
    time: formatTime(time),
    ...(missing > 0 ? { missing } : {}),
    ...contentsOf(bytes),
  };
}

function contentsOf(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: decoder.decode(bytes) };
  } catch {
    return { base64: toBase64(bytes) };
  }
}
