/**
 * What a tick does to the model: the steps in their order.
 *
 * @module
 */

import type { AttemptedJob, Outcome } from "../../../src/job/outcome.ts";
import { isFinal, type JobEvent } from "../../../src/job/state.ts";
import type {
  AttemptEnd,
  AttemptRef,
  Claim,
  Settled,
  TickRequest,
  TickResult,
} from "../../../src/store/tick.ts";
import type { OutputChunk } from "../../../src/worker/protocol.ts";
import type { Model } from "./model.ts";
import type { ModelledFired } from "./model_schedules.ts";
import { isIn, type Modelled } from "./modelled.ts";

/** What a worker is to be told, but for the names of its new attempts. */
export interface ModelledTick extends Omit<TickResult, "claimed" | "cancelled" | "fired"> {
  readonly begun: readonly Modelled[];
  readonly fired: readonly ModelledFired[];
}

/** One tick; `random` decides about jitter. */
export function tickModel(model: Model, request: TickRequest, random: number): ModelledTick {
  const { now, jobs, workers, schedules, queues } = model;
  workers.beat(request, now);
  for (const { jobId, token, chunk } of request.output) write(model, { jobId, token }, chunk);
  const settled: Settled[] = [];
  const stale: string[] = [];
  for (const end of request.ended) {
    const result = settle(model, end, random);
    if (result) settled.push(result);
    else stale.push(end.token);
  }
  for (const worker of request.buried) workers.bury(worker);
  jobs.tell();
  const fired = (request.firings ?? []).flatMap((firing) => schedules.fire(firing, now));
  promote(model);
  const self = workers.find(request.worker);
  const slots = self === undefined ? 0 : request.free.length;
  const places = self === undefined ? 0 : request.ahead?.length ?? 0;
  const { jobs: line, opensIn } = slots + places === 0
    ? { jobs: [], opensIn: null }
    : queues.nextInLine(self!.queues, slots + places, now);
  const cut = line.findIndex(({ job, stdin }, i) =>
    i >= slots && (queues.isRegulated(job.queue) || stdin !== null)
  );
  const begun = cut < 0 ? line : line.slice(0, cut);
  for (const [i, job] of begun.entries()) {
    begin(model, job, request.worker, self!.host);
    job.isAhead = i >= slots;
  }
  // Where every slot is taken, the end of a job comes first.
  const isFull = begun.length >= slots;
  const rateOpensIn = slots === 0
    ? null
    : isFull
    ? opensIn
    : queues.nextInLine(self!.queues, 1, now).opensIn;
  return {
    settled,
    stale,
    stopRequest: self?.stopRequest ?? null,
    slotsRequest: self?.slotsRequest ?? null,
    dueSchedules: schedules.due(now),
    fired,
    now,
    evicted: self === undefined,
    peers: workers.observe(request),
    nextDueIn: soonest(dueIn(model), rateOpensIn, schedules.nextIn(now)),
    begun,
  };
}

/** The store has named the attempts that have begun. */
export function nameAttempts(begun: readonly Modelled[], claims: readonly Claim[]): void {
  for (const [i, job] of begun.entries()) job.token = claims[i]!.token;
}

function begin({ jobs, queues, now }: Model, modelled: Modelled, worker: string, host: string) {
  const { job } = modelled;
  jobs.move(modelled, "claim");
  queues.begin(job.queue, now);
  Object.assign(job, {
    attempts: job.attempts + 1,
    workerId: worker,
    startedAt: now,
    finishedAt: null,
    exitCode: null,
    progress: null,
  });
  modelled.attempts.push({
    attempt: ++modelled.runs,
    outcome: null,
    startedAt: now,
    finishedAt: null,
    exitCode: null,
    error: null,
    workerId: worker,
    host,
    outputBytes: 0,
  });
}

function settle(model: Model, end: AttemptEnd, random: number): Settled | null {
  const { jobs, workers, now } = model;
  const modelled = jobs.find(end.jobId);
  if (modelled?.token !== end.token) return null;
  const { unlessBack } = end;
  const lost = unlessBack && workers.find(unlessBack.worker);
  if (lost && lost.heartbeat !== unlessBack.heartbeat) return null;
  const { job } = modelled;
  const { outcome, startedAt, finishedAt, outputBytes } = end;
  const event = eventOf(job, outcome);
  const isCancelled = event === "end_cancelled";
  const hasBegun = outcome.kind !== "unclaimed";
  const error = isCancelled ? "cancelled" : errorOf(job, outcome);
  const exitCode = outcome.kind === "completed"
    ? 0
    : "exitCode" in outcome
    ? outcome.exitCode
    : null;
  jobs.move(modelled, event);
  if (event === "hand_back" || !hasBegun) job.attempts--;
  if (event === "fail") job.runAt = now + backoff(job, random);
  job.finishedAt = isFinal(job.state) ? finishedAt : null;
  Object.assign(job, { exitCode, error, cancelRequested: false });
  if (startedAt !== undefined && hasBegun) {
    modelled.attempts.at(-1)!.startedAt = job.startedAt = startedAt;
  }
  const kind = !hasBegun ? null : isCancelled ? "cancelled" : outcome.kind;
  if (kind === null) erase(modelled);
  else {
    const from = modelled.attempts.at(-1)!.startedAt;
    model.statistics.note({ queue: job.queue, outcome: kind, startedAt: from, finishedAt });
    Object.assign(modelled.attempts.at(-1)!, {
      outcome: kind,
      finishedAt,
      exitCode,
      error,
      outputBytes,
    });
    if (end.replacesOutput) modelled.output.delete(modelled.runs);
    for (const chunk of end.chunks) write(model, end, chunk);
  }
  if (isFinal(job.state)) jobs.noteEnded(modelled);
  modelled.token = null;
  const { state, runAt } = job;
  return { jobId: end.jobId, token: end.token, state, runAt, outcome: kind, exitCode, error };
}

/** An attempt that never began. */
function erase(modelled: Modelled): void {
  modelled.attempts.pop();
  modelled.output.delete(modelled.runs--);
  modelled.job.startedAt = modelled.attempts.at(-1)?.startedAt ?? null;
}

/** Once, and only for the attempt that runs. */
function write({ jobs }: Model, { jobId, token }: AttemptRef, { seq, bytes }: OutputChunk): void {
  const job = jobs.find(jobId);
  if (job?.token !== token) return;
  const pieces = job.output.get(job.runs) ?? [];
  if (pieces.some((piece) => piece.seq === seq)) return;
  pieces.push({ seq, text: new TextDecoder().decode(bytes) });
  job.output.set(job.runs, pieces.sort((a, b) => a.seq - b.seq));
}

function eventOf(job: AttemptedJob, outcome: Outcome): JobEvent {
  if (outcome.kind === "completed") return "complete";
  if (job.cancelRequested || outcome.kind === "cancelled") return "end_cancelled";
  if (outcome.kind === "handed_back" || outcome.kind === "unclaimed") return "hand_back";
  return isFatal(job, outcome) || job.attempts > job.maxRetries ? "give_up" : "fail";
}

function isFatal(job: AttemptedJob, outcome: Outcome): boolean {
  return outcome.kind === "failed" && job.fatalExitCodes.includes(outcome.exitCode);
}

function errorOf(job: AttemptedJob, outcome: Outcome): string | null {
  if (outcome.kind === "failed") {
    return `exit code ${outcome.exitCode}${isFatal(job, outcome) ? ", which is fatal" : ""}`;
  }
  if (outcome.kind === "timed_out") return `timed out after ${outcome.timeout / 1000}s`;
  return "error" in outcome ? outcome.error : null;
}

function backoff(job: AttemptedJob, random: number): number {
  const wait = Math.min(job.backoffBase ** job.attempts * 1000, job.backoffMax);
  return wait + wait * job.backoffJitter * (2 * random - 1);
}

function promote({ jobs, now }: Model): void {
  for (const modelled of jobs.in("scheduled", "failed")) {
    if (modelled.job.runAt! > now) continue;
    jobs.move(modelled, "due");
    modelled.job.runAt = null;
  }
}

function dueIn({ jobs, now }: Model): number | null {
  const times = jobs.in("scheduled", "failed").map(({ job }) => Math.max(0, job.runAt! - now));
  return soonest(...times);
}

function soonest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The tokens of a worker's attempts whose end was asked for. */
export function cancelledTokens({ jobs }: Model, worker: string): string[] {
  return jobs.all
    .filter((modelled) => isIn(modelled, "processing") && modelled.job.cancelRequested)
    .filter(({ job }) => job.workerId === worker)
    .map(({ token }) => token!);
}
