/**
 * Cleans up behind a lost worker, so that its jobs may run again (promise 5): ends what is left of it,
 * salvages what its attempts have written, and says how each of them ended.
 *
 * @module
 */

import { type Outcome, outcomeOfExit } from "../job/outcome.ts";
import type { AttemptEnd, RunningAttempt } from "../store/tick.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { outcomeOfEnding, readEnding } from "./ending.ts";
import { isAlive } from "./host.ts";
import { hasStatus, removeStatus, salvageStatus } from "./launcher.ts";
import type { LossReason } from "./peer_watch.ts";
import { killHard } from "./process_tree.ts";
import type { AttemptResult } from "./protocol.ts";
import { hasSpool, removeSpool, salvageOutput } from "./spool.ts";

/** What a rescue works on. */
export interface RescueOptions {
  /** The identity of this host: elsewhere, and before its last boot, nothing can be ended. */
  readonly hostIdentity: string;
  /** The directory of the spool files. */
  readonly spool: string;
  /** At most so many bytes of an attempt's output are kept. */
  readonly maxOutput: number;
}

/**
 * Ends all that is left of a lost worker, and tells how its attempts ended. The order matters: first
 * the worker and its launchers, so that nothing new starts and no late status is written; then the
 * trees; only then is the spool read.
 *
 * Two rescuers at once do no harm: what they kill is named by the lost attempts' tokens, and what
 * they write is fenced by them.
 *
 * @throws {Error} if processes of the worker do not end
 */
export async function rescue(
  peer: WorkerInfo,
  reason: LossReason,
  attempts: readonly RunningAttempt[],
  options: RescueOptions,
): Promise<AttemptEnd[]> {
  const isHere = peer.hostIdentity === options.hostIdentity;
  if (isHere) {
    const result = await killHard({ worker: peer.process, ...targets(attempts) });
    if (!result.ended) throw new Error(result.error);
  }
  // A machine that has booted again is another host by its identity, and its files are still there.
  const error = isHere
    ? lossOf(peer, reason)
    : `the worker ${peer.id} on ${peer.host} did not answer any more`;
  const ends = attempts.map((attempt) =>
    isHere && hasNeverBegun(attempt, options)
      ? end(attempt, { kind: "unclaimed" })
      : salvage(attempt, error, options)
  );
  if (isHere) return ends;
  const { id: worker, heartbeat } = peer;
  return ends.map((end) => ({ ...end, unlessBack: { worker, heartbeat } }));
}

/**
 * The same for attempts of this worker whose executor has failed.
 *
 * @throws {Error} if their processes do not end
 */
export async function salvageOrphans(
  attempts: readonly RunningAttempt[],
  options: Pick<RescueOptions, "spool" | "maxOutput">,
): Promise<AttemptEnd[]> {
  const { tokens, launchers } = targets(attempts);
  const result = await killHard({ worker: null, launchers, tokens });
  if (!result.ended) throw new Error(result.error);
  return attempts.map((attempt) =>
    hasNeverBegun(attempt, options)
      ? end(attempt, { kind: "unclaimed" })
      : salvage(attempt, "its executor failed", options)
  );
}

/** Removes the files of a rescued attempt, once its end is stored. */
export function forgetRescued(attempt: RunningAttempt, spool: string): void {
  removeSpool(spool, attempt.token);
  // After a boot its pid and start time may be those of another launcher.
  if (!isAlive(attempt.launcher)) removeStatus(spool, attempt.launcher);
}

function targets(attempts: readonly RunningAttempt[]) {
  return {
    launchers: attempts.map((attempt) => attempt.launcher),
    tokens: attempts.map((attempt) => attempt.token),
  };
}

function salvage(
  attempt: RunningAttempt,
  error: string,
  { spool, maxOutput }: Pick<RescueOptions, "spool" | "maxOutput">,
): AttemptEnd {
  const outcome = ifReadable(() => salvageOutcome(attempt, error, spool)) ??
    { kind: "lost", error };
  const output = ifReadable(() => salvageOutput(spool, attempt.token, maxOutput));
  return {
    ...end(attempt, outcome),
    ...(output === null ? {} : { ...output, replacesOutput: true }),
  };
}

/**
 * Whether an attempt has only waited in the line of its slot, so that nothing of it was to be ended: its files
 * are the first thing that is made. After a power cut they may be gone of one that had begun, so this is only
 * to be asked since the boot in which it was claimed. Nor does it tell anything if the worker had its files
 * elsewhere: another user's are in another directory, where the store has none beside it.
 */
function hasNeverBegun(
  { isAhead, launcher, token }: RunningAttempt,
  { spool }: Pick<RescueOptions, "spool">,
): boolean {
  return isAhead && hasStatus(spool, launcher) && !hasSpool(spool, token);
}

/** A file that cannot be read must keep neither the job from running again nor the other files. */
function ifReadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

function salvageOutcome(attempt: RunningAttempt, error: string, spool: string): Outcome {
  const ending = readEnding(spool, attempt.token);
  if (ending?.reason === "hand_back") return { kind: "handed_back" };
  const status = salvageStatus(spool, attempt.launcher, attempt.token, attempt.cwd ?? "");
  if (status === null) return { kind: "lost", error };
  if (status.kind === "exit" && ending !== null) return outcomeOfEnding(ending, status.code);
  return outcomeOf(status, error);
}

function outcomeOf(status: AttemptResult, lost: string): Outcome {
  switch (status.kind) {
    case "exit":
      return outcomeOfExit(status.code);
    case "not_started":
      return { kind: "not_started", error: status.error };
    case "not_begun":
      return { kind: "handed_back" };
    case "unclaimed":
      return { kind: "unclaimed" };
    case "launcher_died":
      return { kind: "lost", error: lost };
  }
}

function end(attempt: RunningAttempt, outcome: Outcome): AttemptEnd {
  const { jobId, token } = attempt;
  return { jobId, token, outcome, finishedAt: Date.now(), chunks: [], outputBytes: 0 };
}

function lossOf(peer: WorkerInfo, reason: LossReason): string {
  return reason === "died"
    ? `its worker ${peer.id} died`
    : `its worker ${peer.id} hung and was ended`;
}
