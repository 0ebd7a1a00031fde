/**
 * How far a page has got with the output of a job, as the id of an event: the page sends it back when it has
 * lost the connection, and nothing is lost or repeated.
 *
 * @module
 */

import type { OutputMark } from "../attempt_output.ts";
import { fromBase64, toBase64 } from "../base64.ts";
import type { Begun } from "../json/output_json.ts";

/** A place in the output of a job. */
export interface OutputPlace {
  readonly job: string;
  readonly attempt: number;
  readonly mark: OutputMark;
  readonly begun: Begun;
}

/** The place as text that fits into a header. */
export function writePlace({ job, attempt, mark, begun }: OutputPlace): string {
  const { position, stdout, stderr } = mark;
  const parts = [attempt, position, stdout, stderr, toBase64(begun.stdout), toBase64(begun.stderr)];
  return [...parts, encodeURIComponent(job)].join("*");
}

/** The place that a text means; null if it is none, or of another job. */
export function readPlace(text: string | null, job: string): OutputPlace | null {
  const parts = (text ?? "").split("*");
  if (parts.length !== 7 || parts[6] !== encodeURIComponent(job)) return null;
  const [attempt, position, stdout, stderr] = parts.slice(0, 4).map(readCount);
  const begun = parts.slice(4, 6).map(readBegun);
  if (attempt == null || position == null || stdout == null || stderr == null) return null;
  if (begun[0] == null || begun[1] == null) return null;
  return {
    job,
    attempt,
    mark: { position, stdout, stderr },
    begun: { stdout: begun[0], stderr: begun[1] },
  };
}

function readCount(text: string): number | null {
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function readBegun(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9+/=]{0,4}$/.test(text)) return null;
  try {
    return fromBase64(text);
  } catch {
    return null;
  }
}
