/**
 * What a job that comes from elsewhere cannot be: its state, its times and its counters have to fit
 * together.
 *
 * @module
 */

import type { Job } from "./job.ts";
import type { MovedJob } from "./record.ts";
import { MAX_BYTES } from "./record_fields.ts";
import { isFinal, type State } from "./state.ts";

/** Sentences about what a job cannot be: the store would refuse it, or nothing would ever move it. */
export function* recordProblems(
  { job, runs, cancelledBy, waitsFor, attempts, output }: MovedJob,
): Generator<string> {
  const { state } = job;
  const isDue = state === "scheduled" || state === "failed";
  if (isDue && job.runAt === null) yield `"state" is ${state}, which needs "run_at"`;
  // A job that was cancelled with its parent keeps its time, for the case that the parent is retried.
  const mayBeDue = isDue || state === "held" || state === "blocked" || cancelledBy !== null;
  if (!mayBeDue && job.runAt !== null) {
    yield `"state" is ${state}, which has no "run_at"`;
  }
  if (isFinal(state) && job.finishedAt === null) {
    yield `"state" is ${state}, which needs "finished_at"`;
  }
  if (!isFinal(state) && job.finishedAt !== null) {
    yield `"state" is ${state}, which has no "finished_at"`;
  }
  if (RUN_STATES.includes(state) && job.attempts === 0) {
    yield `"state" is ${state}, which needs "attempts" of 1 or more`;
  }
  if (runs < job.attempts) yield `"runs" is ${runs}, fewer than "attempts", ${job.attempts}`;
  if (cancelledBy !== null && state !== "cancelled") {
    yield `"state" is ${state}, which has no "cancelled_by"`;
  }
  if (job.cancelRequested && state !== "processing") {
    yield `"state" is ${state}, which has no "cancel_requested"`;
  }
  if ((job.schedule === null) !== (job.fireTime === null)) {
    yield '"schedule" and "fire_time" belong together: give both or neither';
  }
  yield* parentProblems(job, waitsFor);
  yield* attemptProblems({ job, runs, attempts });
  const logged = new Set(attempts.map(({ attempt }) => attempt));
  const unlogged = output.find(({ attempt }) => !logged.has(attempt));
  if (unlogged) yield `"output" is of attempt ${unlogged.attempt}, which is not in "attempt_log"`;
  // The next piece, and whoever reads, counts on from there.
  if (output.some(({ seq, bytes }) => seq + bytes.length > MAX_BYTES)) {
    yield `"output" goes on beyond ${MAX_BYTES} bytes`;
  }
  const places = new Set(output.map(({ attempt, seq }) => `${attempt} ${seq}`));
  if (places.size < output.length) yield '"output" has an empty piece before others: leave it out';
}

/** The states of a job that has been run in this life. */
const RUN_STATES: readonly State[] = ["processing", "failed", "completed", "dead"];

function* parentProblems({ state, after }: Job, waitsFor: readonly string[]): Generator<string> {
  const stranger = waitsFor.find((id) => !after.some((parent) => parent.id === id));
  if (stranger !== undefined) yield `"waits_for" names ${stranger}, which is not in "after"`;
  if (new Set(waitsFor).size < waitsFor.length) yield '"waits_for" names a job twice';
  if (state === "blocked" && waitsFor.length === 0) {
    yield '"state" is blocked, which needs parents in "after" and "waits_for"';
  }
  if (state !== "blocked" && state !== "held" && waitsFor.length > 0) {
    yield `"state" is ${state}, which has no "waits_for"`;
  }
}

function* attemptProblems(
  { job, runs, attempts }: Pick<MovedJob, "job" | "runs" | "attempts">,
): Generator<string> {
  let last = 0;
  for (const { attempt, outcome, finishedAt } of attempts) {
    const where = `"attempt_log" has attempt ${attempt}`;
    if (attempt <= last) yield `${where} after attempt ${last}: they are in order, each once`;
    if (attempt > runs) yield `${where}, but "runs" is ${runs}`;
    last = attempt;
    if ((outcome === null) !== (finishedAt === null)) {
      yield `${where} with only one of "outcome" and "finished_at"`;
    }
    if (outcome === null && (job.state !== "processing" || attempt !== attempts.at(-1)!.attempt)) {
      yield `${where}, which has not ended: only the last one of a processing job runs`;
    }
  }
}
