/**
 * Enqueue: new jobs, all or none.
 *
 * @module
 */

import { CircleError, FiringTakenError, IdTakenError, UniqueKeyTakenError } from "../../errors.ts";
import type { NewJob } from "../../job/job.ts";
import { findCircle, withHolders } from "../../job/parents.ts";
import { waitingState } from "../../job/state.ts";
import type { Enqueued, IfExists } from "../store.ts";
import { attachParents } from "./attaching.ts";
import { cancelWaiting } from "./parents.ts";
import { listText } from "./rows.ts";
import { storeStdin } from "./stdin.ts";
import { tellAllDependents } from "./telling.ts";
import { holderOf, holderToReplace } from "./unique_key.ts";
import { get, run, send, type SqlValue, type Work } from "./work.ts";

const INSERT = `INSERT INTO job (id, queue, state, priority, max_retries, backoff_base, backoff_max,
    backoff_jitter, timeout, run_at, created_at, updated_at, unique_key, schedule, fire_time, cwd, tags,
    after, fatal_exit_codes, env, has_stdin, command)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`;

/** How jobs are stored. */
export interface Insertion {
  readonly now: number;
  readonly ifExists: IfExists;
}

/**
 * Within a transaction: stores the jobs; see `Store.enqueue` for what comes back and what is thrown.
 *
 * @param insert stores them without a look at their parents
 */
export function* insertJobs(
  jobs: readonly NewJob[],
  insertion: Insertion,
  insert = insertEach,
): Work<Enqueued[]> {
  const enqueued = yield* insert(jobs, insertion);
  yield* connect(jobs, enqueued, insertion);
  return enqueued;
}

/** Within a transaction: stores jobs one by one, without a look at their parents. */
export function* insertEach(jobs: readonly NewJob[], insertion: Insertion): Work<Enqueued[]> {
  const { now } = insertion;
  const enqueued: Enqueued[] = [];
  for (const job of jobs) {
    // Most are no more than this one statement, and 50,000 may come at once.
    const isPlain = job.uniqueKey === null && job.stdin === null;
    if (isPlain && (yield { sql: INSERT, values: columnsOf(job, now), wants: "changes" }) === 1) {
      enqueued.push({ id: job.id, isNew: true });
    } else enqueued.push(yield* insertJob(job, insertion));
  }
  return enqueued;
}

/** Lets jobs that have just been stored wait for their parents. */
function* connect(
  jobs: readonly NewJob[],
  enqueued: readonly Enqueued[],
  { now, ifExists }: Insertion,
): Work<void> {
  const waiting = jobs.filter((job, i) => job.after.length > 0 && enqueued[i]!.isNew);
  if (waiting.length > 0) {
    const known = yield* followHolders(waiting, jobs, enqueued);
    const circle = findCircle(known);
    if (circle) throw new CircleError(circle);
    yield* attachParents(known, now);
  }
  // Who was replaced, or cancelled because of a parent, may have dependents.
  if (waiting.length > 0 || ifExists === "replace") yield* tellAllDependents(now);
}

function* insertJob(job: NewJob, { now, ifExists }: Insertion): Work<Enqueued> {
  const { id, uniqueKey: key } = job;
  // Somebody else may enqueue the same at this moment, and his comes first.
  while (true) {
    const holder = key === null
      ? null
      : yield* (ifExists === "replace" ? holderToReplace(key) : holderOf(key));
    if (holder && ifExists === "return") return { id: holder.id, isNew: false };
    if (holder && (ifExists === "fail" || holder.state === "processing")) {
      throw new UniqueKeyTakenError({ id, key: key!, holder });
    }
    if (holder) yield* cancelWaiting([holder.id], `replaced by job ${id}`, now);
    if ((yield* run(INSERT, ...columnsOf(job, now))) > 0) break;
    yield* requireFree(job);
  }
  if (job.stdin !== null) yield* storeStdin(id, job.stdin);
  return { id, isNew: true };
}

/**
 * Within a transaction: nothing else but a unique key is in the way of a job.
 *
 * @throws {IdTakenError} {@linkcode FiringTakenError} if something is
 */
export function* requireFree({ id, schedule, fireTime }: NewJob): Work<void> {
  if ((yield* get("SELECT 1 AS found FROM job WHERE id = ?", id)) !== null) {
    throw new IdTakenError(id);
  }
  if (schedule === null) return;
  const fired = yield* get(
    "SELECT id FROM job WHERE schedule = ? AND fire_time = ?",
    schedule,
    fireTime,
  );
  if (fired) throw new FiringTakenError({ id, schedule, holder: fired.id as string });
}

function columnsOf(job: NewJob, now: number): SqlValue[] {
  const runAt = job.delay === null ? job.runAt : now + job.delay;
  const blocked = job.after.length > 0;
  const state = waitingState({ held: job.held, blocked, runAt }, now);
  return [
    job.id,
    job.queue,
    state,
    job.priority,
    job.maxRetries,
    job.backoffBase,
    job.backoffMax,
    job.backoffJitter,
    job.timeout,
    state === "pending" ? null : runAt,
    now,
    now,
    job.uniqueKey,
    job.schedule,
    job.fireTime,
    job.cwd,
    listText(job.tags),
    listText(job.after),
    listText(job.fatalExitCodes),
    isEmpty(job.env) ? "{}" : JSON.stringify(job.env),
    job.stdin === null ? 0 : 1,
    job.command,
  ];
}

/** A parent that was not stored because another job holds its unique key is that other job. */
function* followHolders(
  waiting: readonly NewJob[],
  jobs: readonly NewJob[],
  enqueued: readonly Enqueued[],
): Work<readonly NewJob[]> {
  const holders = new Map<string, string>();
  for (const [i, { id, isNew }] of enqueued.entries()) if (!isNew) holders.set(jobs[i]!.id, id);
  if (holders.size === 0) return waiting;
  const known: NewJob[] = [];
  for (const job of waiting) {
    const after = withHolders(job.after, holders);
    known.push(after === job.after ? job : { ...job, after });
    if (after === job.after) continue;
    yield* send("UPDATE job SET after = ? WHERE id = ?", listText(after), job.id);
  }
  return known;
}

function isEmpty(object: Readonly<Record<string, string>>): boolean {
  for (const _ in object) return false;
  return true;
}
