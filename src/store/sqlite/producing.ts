/**
 * Enqueue: new jobs, all or none.
 *
 * @module
 */

import { CircleError, IdTakenError, UniqueKeyTakenError } from "../../errors.ts";
import type { NewJob } from "../../job/job.ts";
import { findCircle, withHolders } from "../../job/parents.ts";
import { waitingState } from "../../job/state.ts";
import type { Enqueued, IfExists } from "../store.ts";
import type { Database } from "./database.ts";
import { attachParents, tellAllDependents } from "./parents.ts";
import { listText } from "./rows.ts";
import { cancelWaiting } from "./steering.ts";
import { storeStdin } from "./stdin.ts";
import { holderOf } from "./unique_key.ts";

const INSERT = `INSERT INTO job (id, queue, state, priority, max_retries, backoff_base, backoff_max,
    backoff_jitter, timeout, run_at, created_at, updated_at, unique_key, schedule, fire_time, cwd, tags,
    after, fatal_exit_codes, env, has_stdin, command)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO NOTHING`;

/** How jobs are stored. */
export interface Insertion {
  readonly now: number;
  readonly ifExists: IfExists;
}

/**
 * Within a transaction: stores the jobs; see `Store.enqueue` for what comes back and what is thrown.
 */
export function insertJobs(
  db: Database,
  jobs: readonly NewJob[],
  insertion: Insertion,
): Enqueued[] {
  const enqueued = jobs.map((job) => insertJob(db, job, insertion));
  const waiting = jobs.filter((job, i) => job.after.length > 0 && enqueued[i]!.isNew);
  if (waiting.length > 0) {
    const known = followHolders(db, waiting, jobs, enqueued);
    const circle = findCircle(known);
    if (circle) throw new CircleError(circle);
    for (const job of known) {
      const seq = db.get("SELECT seq FROM job WHERE id = ?", job.id)!.seq as number;
      attachParents(db, { ...job, seq }, insertion.now);
    }
  }
  // Who was replaced, or cancelled because of a parent, may have dependents.
  if (waiting.length > 0 || insertion.ifExists === "replace") {
    tellAllDependents(db, insertion.now);
  }
  return enqueued;
}

function insertJob(db: Database, job: NewJob, { now, ifExists }: Insertion): Enqueued {
  const { id, uniqueKey: key } = job;
  const holder = key === null ? null : holderOf(db, key);
  if (holder && ifExists === "return") return { id: holder.id, isNew: false };
  if (holder && (ifExists === "fail" || holder.state === "processing")) {
    throw new UniqueKeyTakenError({ id, key: key!, holder });
  }
  if (holder) cancelWaiting(db, holder.id, `replaced by job ${id}`, now);
  const runAt = job.delay === null ? job.runAt : now + job.delay;
  const blocked = job.after.length > 0;
  const state = waitingState({ held: job.held, blocked, runAt }, now);
  const inserted = db.run(
    INSERT,
    id,
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
    key,
    job.schedule,
    job.fireTime,
    job.cwd,
    listText(job.tags),
    listText(job.after),
    listText(job.fatalExitCodes),
    isEmpty(job.env) ? "{}" : JSON.stringify(job.env),
    job.stdin === null ? 0 : 1,
    job.command,
  );
  if (inserted === 0) throw new IdTakenError(id);
  if (job.stdin !== null) storeStdin(db, id, job.stdin);
  return { id, isNew: true };
}

/** A parent that was not stored because another job holds its unique key is that other job. */
function followHolders(
  db: Database,
  waiting: readonly NewJob[],
  jobs: readonly NewJob[],
  enqueued: readonly Enqueued[],
): readonly NewJob[] {
  const holders = new Map<string, string>();
  for (const [i, { id, isNew }] of enqueued.entries()) if (!isNew) holders.set(jobs[i]!.id, id);
  if (holders.size === 0) return waiting;
  return waiting.map((job) => {
    const after = withHolders(job.after, holders);
    if (after === job.after) return job;
    db.run("UPDATE job SET after = ? WHERE id = ?", listText(after), job.id);
    return { ...job, after };
  });
}

function isEmpty(object: Readonly<Record<string, string>>): boolean {
  for (const _ in object) return false;
  return true;
}
