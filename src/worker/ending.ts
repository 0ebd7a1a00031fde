/**
 * What it means that a worker ends an attempt itself, also for a rescuer.
 *
 * There is a note of it beside the spool. Without that, a worker that is killed while it ends an
 * attempt would leave it with the status that its own SIGTERM has made, and a rescuer would take that
 * for the command's.
 *
 * @module
 */

import type { Outcome } from "../job/outcome.ts";
import type { Ending } from "./protocol.ts";
import { assertPlainFile, spoolPaths } from "./spool.ts";

/** Leaves the note, before the first signal. */
export function noteEnding(spool: string, token: string, ending: Ending): void {
  const words = ending.reason === "timeout" ? `timeout ${ending.timeout}` : ending.reason;
  try {
    const options = { createNew: true, mode: 0o600 };
    Deno.writeTextFileSync(spoolPaths(spool, token).ending, `${words}\n`, options);
  } catch {
    // Without it a rescuer takes the status for the command's own, which is not worth an executor.
  }
}

/** The note of an attempt, or null if there is none that can be read. */
export function readEnding(spool: string, token: string): Ending | null {
  try {
    const path = spoolPaths(spool, token).ending;
    assertPlainFile(path);
    return parse(Deno.readTextFileSync(path));
  } catch {
    return null;
  }
}

/** A line without its end was not written to its end. */
function parse(text: string): Ending | null {
  if (text === "cancel\n") return { reason: "cancel" };
  if (text === "hand_back\n") return { reason: "hand_back" };
  const timeout = /^timeout (\d+)\n$/.exec(text)?.[1];
  return timeout === undefined ? null : { reason: "timeout", timeout: Number(timeout) };
}

/** What an exit means that came after the worker's signal: also an exit 0 is then that one's doing. */
export function outcomeOfEnding(ending: Ending, exitCode: number): Outcome {
  switch (ending.reason) {
    case "timeout":
      return { kind: "timed_out", timeout: ending.timeout, exitCode };
    case "cancel":
      return { kind: "cancelled", exitCode };
    case "hand_back":
      return { kind: "handed_back" };
  }
}
