/**
 * Why a job is not running, in words: a pure function from what is known to the causes.
 *
 * @module
 */

import { formatElapsed } from "./elapsed.ts";
import type { Condition, Job } from "./job/job.ts";
import { formatRate } from "./job/rate.ts";
import { isFinal, type State } from "./job/state.ts";
import { formatTime } from "./job/time.ts";
import type { Standing } from "./store/store.ts";
import type { WorkerInfo } from "./store/workers.ts";
import { countOf, formatCount } from "./numbers.ts";

/** Every reason why a job does not run, or what else there is to say of it. */
export const REASONS = [
  /** It waits for somebody to release it. */
  "held",
  /** It waits for parents. */
  "blocked",
  /** It is not due yet. */
  "scheduled",
  /** It has failed, and its next attempt is not due yet. */
  "backoff",
  "queue_paused",
  /** No worker lives. */
  "no_worker",
  /** Workers live, but none serves its queue. */
  "queue_not_served",
  /** Those that serve its queue claim no more. */
  "workers_stopping",
  "queue_at_limit",
  "rate_used_up",
  "slots_busy",
  /** Other jobs of its queue come first. */
  "turn",
  /** Nothing keeps it: it begins in a moment. */
  "next",
  "running",
  /** It runs, and its end was asked for. */
  "cancelling",
  /** Its worker is gone; another one takes it over. */
  "worker_lost",
  "completed",
  "dead",
  "cancelled",
] as const;

/** The machine word for a cause. */
export type Reason = (typeof REASONS)[number];

/** One cause. */
export interface Cause {
  readonly reason: Reason;
  /** A clause, such as `queue mail is paused`. Not escaped. */
  readonly text: string;
  /** What to do about it, such as `To resume it: queuectl queue resume mail`. Not escaped. */
  readonly hint: string | null;
}

/** The answer. */
export interface Explanation extends Cause {
  /** The whole sentence: `Job j1 is pending: queue mail is paused`. */
  readonly text: string;
  /** What has to go away after that. */
  readonly also: readonly Cause[];
}

/** What an explanation is made of. */
export interface Facts extends Standing {
  /** The ids of the workers that live, as far as can be seen. */
  readonly living: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Why the job is not running: first what has to go away first. */
export function explain(facts: Facts): Explanation {
  const { job } = facts;
  const [first, ...also] = causesOf(facts);
  return { ...first!, text: `Job ${job.id} is ${job.state}: ${first!.text}`, also };
}

function* causesOf(facts: Facts): Generator<Cause> {
  const { state } = facts.job;
  if (isFinal(state)) return yield endOf(facts);
  if (state === "processing") return yield runOf(facts);
  const own = [...ownObstacles(facts)];
  const lasting = [...pausesOf(facts), ...workerObstacles(facts)];
  yield* own;
  yield* lasting;
  // What passes by itself says nothing about a job that is not ready for it yet.
  if (own.length > 0 || facts.queue.paused) return;
  const passing = [...queueObstacles(facts), ...(lasting.length === 0 ? slotObstacles(facts) : [])];
  yield* passing;
  if (lasting.length + passing.length === 0) yield next(facts);
}

/** What keeps this job alone. */
function* ownObstacles({ job, parents, now }: Facts): Generator<Cause> {
  const { id, state, runAt } = job;
  if (state === "held") {
    const hint = `To let it go: queuectl release ${id}`;
    yield { reason: "held", text: "it waits for somebody to release it", hint };
  }
  if (state === "blocked" || parents.length > 0) yield blocked(parents);
  if (runAt === null || runAt <= now) return;
  yield state === "failed" ? backoff(job, now) : {
    reason: "scheduled",
    text: `it is due at ${formatTime(runAt)}, in ${formatElapsed(runAt - now)}`,
    hint: `To run it now: queuectl edit ${id} --delay 0`,
  };
}

const ENDS: Readonly<Record<Condition, string>> = {
  ok: "has completed",
  any: "has ended",
  notok: "has ended without success",
};

function blocked(parents: Facts["parents"]): Cause {
  const shown = parents.map(({ id, on, state }) => `${id} (${state}) ${ENDS[on]}`);
  const [first] = parents;
  return {
    reason: "blocked",
    text: first === undefined ? "it waits for other jobs" : `it runs when ${listOf(shown)}`,
    hint: first === undefined
      ? null
      : `To see why ${first.id} has not: queuectl explain ${first.id}`,
  };
}

function backoff({ id, attempts, maxRetries, error, runAt }: Job, now: number): Cause {
  const attempt = attemptOf(attempts, maxRetries);
  return {
    reason: "backoff",
    text: `${attempt} failed (${error ?? "no reason is known"}), ` +
      `the next one is due in ${formatElapsed(runAt! - now)}`,
    hint: `To run it now: queuectl retry ${id}`,
  };
}

function* pausesOf({ queue: { queue, paused } }: Facts): Generator<Cause> {
  if (!paused) return;
  const hint = `To resume it: queuectl queue resume ${queue}`;
  yield { reason: "queue_paused", text: `queue ${queue} is paused`, hint };
}

/** There is nobody to run it. */
function* workerObstacles(facts: Facts): Generator<Cause> {
  const { queue } = facts.queue;
  const living = livingOf(facts);
  const serving = living.filter((worker) => serves(worker, queue));
  if (living.length === 0) {
    const hint = "To start one: queuectl worker start";
    yield { reason: "no_worker", text: "no worker is running", hint };
  } else if (serving.length === 0) {
    const served = [...new Set(living.flatMap(({ queues }) => queues ?? []))].sort();
    yield {
      reason: "queue_not_served",
      text: `no worker serves queue ${queue}, only ${listOf(served)}`,
      hint: `To start one: queuectl worker start --queue ${queue}`,
    };
  } else if (serving.every(isStopping)) {
    const who = serving.length === 1 ? "the only worker" : "every worker";
    yield {
      reason: "workers_stopping",
      text: `${who} that serves queue ${queue} is stopping`,
      hint: "To start another one: queuectl worker start",
    };
  }
}

/** Its queue lets no more jobs begin at the moment. */
function* queueObstacles({ queue: settings, running, rateOpensIn, now }: Facts): Generator<Cause> {
  const { queue, limit, rate, counts: { processing } } = settings;
  if (limit !== null && processing >= limit) {
    const jobs = runningJobs(running.filter((job) => job.queue === queue), now);
    const which = listOf(jobs, processing);
    yield {
      reason: "queue_at_limit",
      text: `queue ${queue} runs ${formatCount(processing)} of at most ${countOf(limit, "job")}` +
        (which === "" ? "" : `: ${which}`),
      hint: `To let more run: queuectl queue set ${queue} --limit ${limit + 1}`,
    };
  }
  if (rate !== null && rateOpensIn > 0) {
    yield {
      reason: "rate_used_up",
      text: `queue ${queue} has used up its rate of ${formatRate(rate)}, ` +
        `which opens in ${formatElapsed(rateOpensIn)}`,
      hint: null,
    };
  }
}

/** The workers have no room, or others come first. */
function* slotObstacles(facts: Facts): Generator<Cause> {
  const { queue: { queue }, running, ahead, now } = facts;
  const workers = livingOf(facts).filter((worker) => serves(worker, queue) && !isStopping(worker));
  const slots = workers.reduce((sum, worker) => sum + worker.slots, 0);
  if (workers.every(({ slots, busy }) => busy >= slots)) {
    const ids = workers.map(({ id }) => id);
    const jobs = runningJobs(running.filter(({ workerId }) => ids.includes(workerId ?? "")), now);
    const which = listOf(jobs, workers.reduce((sum, { busy }) => sum + busy, 0));
    yield {
      reason: "slots_busy",
      text: (slots === 1 ? "the only slot is busy" : `all ${formatCount(slots)} slots are busy`) +
        (which === "" ? "" : `: ${which}`),
      hint: workers.length === 1
        ? `To have more: queuectl worker scale ${slots + 1} ${ids[0]}`
        : "To have more: queuectl worker start",
    };
  }
  if (ahead > 0) {
    const verb = ahead === 1 ? "comes" : "come";
    const text = `${countOf(ahead, "job")} of queue ${queue} ${verb} before it`;
    yield { reason: "turn", text, hint: null };
  }
}

function next({ job: { state } }: Facts): Cause {
  const is = state === "pending" ? "next" : "due";
  return { reason: "next", text: `it is ${is}, a worker takes it in a moment`, hint: null };
}

/** It runs. */
function runOf(facts: Facts): Cause {
  const { job, workers, living, now } = facts;
  const { id, attempts, maxRetries, startedAt, workerId, progress, cancelRequested } = job;
  const worker = workers.find((worker) => worker.id === workerId);
  const where = `worker ${workerId}${worker === undefined ? "" : ` on ${worker.host}`}`;
  if (worker === undefined || !living.has(worker.id)) {
    const another = living.size > 0;
    return {
      reason: "worker_lost",
      text: `${where} is gone, ` +
        (another ? "another worker takes it over soon" : "the next worker takes it over"),
      hint: another ? null : "To start one: queuectl worker start",
    };
  }
  const since = startedAt === null ? "" : ` for ${formatElapsed(now - startedAt)}`;
  if (cancelRequested) {
    return { reason: "cancelling", text: `${where} was asked to end it`, hint: null };
  }
  const message = progress === null || progress.message === null ? "" : ` ${progress.message}`;
  return {
    reason: "running",
    text: `${attemptOf(attempts, maxRetries)} has run${since} in ${where}` +
      (progress === null ? "" : `, it is at ${progress.percent}%${message}`),
    hint: `To see its output: queuectl logs -f ${id}`,
  };
}

/** It has ended. */
function endOf({ job, now }: Facts): Cause {
  const { id, attempts, maxRetries, error, finishedAt } = job;
  const state = job.state as Extract<State, "completed" | "dead" | "cancelled">;
  const when = finishedAt === null ? "" : `, ${formatElapsed(now - finishedAt)} ago`;
  const again = `To run it again: queuectl retry ${id}`;
  switch (state) {
    case "completed": {
      const hint = `To see its output: queuectl logs ${id}`;
      return { reason: state, text: `attempt ${attempts} ended with exit code 0${when}`, hint };
    }
    case "dead": {
      const why = error ?? "no reason is known";
      const text = `${attemptOf(attempts, maxRetries)} failed (${why})${when}`;
      return { reason: state, text, hint: again };
    }
    case "cancelled": {
      const why = error === null || error === "cancelled" ? "somebody cancelled it" : error;
      return { reason: state, text: `${why}${when}`, hint: again };
    }
  }
}

function livingOf({ workers, living }: Facts): WorkerInfo[] {
  return workers.filter(({ id }) => living.has(id));
}

function serves({ queues }: WorkerInfo, queue: string): boolean {
  return queues === null || queues.includes(queue);
}

function isStopping({ state, stopRequest }: WorkerInfo): boolean {
  return state === "draining" || stopRequest !== null;
}

function attemptOf(attempts: number, maxRetries: number): string {
  return `attempt ${formatCount(attempts)} of ${formatCount(maxRetries + 1)}`;
}

function runningJobs(running: Facts["running"], now: number): string[] {
  return running.map(({ id, startedAt }) =>
    startedAt === null ? id : `${id} (for ${formatElapsed(now - startedAt)})`
  );
}

/** So many items of a list are shown. */
const SHOWN = 3;

/**
 * `a`, `a and b`, `a, b, c and 7 more`; empty for none.
 *
 * @param total how many there are, where the list may not hold all
 */
function listOf(items: readonly string[], total = items.length): string {
  const shown = items.slice(0, SHOWN);
  const more = shown.length === 0 ? 0 : Math.max(0, total - shown.length);
  const all = more > 0 ? [...shown, `${formatCount(more)} more`] : shown;
  if (all.length < 2) return all.join();
  return `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
}
