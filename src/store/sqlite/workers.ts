/**
 * Workers: who is there, whose heart beats, who is asked to stop.
 *
 * @module
 */

import type { RunningAttempt, TickRequest } from "../tick.ts";
import type { NewWorker, StopRequest, WorkerInfo } from "../workers.ts";
import type { Database } from "./database.ts";
import { queuesFromRow, workerFromRow } from "./rows.ts";

/**
 * An observation speaks of one heartbeat; of any other, nothing has been seen yet. Which of those that were
 * claimed ahead have begun is not written down, but no more than there are slots for.
 */
const COLUMNS = `worker.*, iif(observed_heartbeat = heartbeat, unmoved_for, 0) AS unmoved_for,
  (SELECT max(count(*) FILTER (WHERE ahead = 0), min(count(*), worker.slots))
  FROM job JOIN attempt ON attempt.job = job.seq AND attempt.attempt = job.runs
  WHERE job.state = 'processing' AND job.worker_id = worker.id) AS busy`;

/** Within a transaction: a worker begins. */
export function insertWorker(db: Database, worker: NewWorker, now: number): void {
  db.run(
    `INSERT INTO worker (id, host, host_identity, pid, process_start, slots, queues, started_at,
      heartbeat_at, join_order)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(join_order), 0) + 1 FROM worker))`,
    worker.id,
    worker.host,
    worker.hostIdentity,
    worker.process.pid,
    worker.process.startTime,
    worker.slots,
    worker.queues === null ? null : JSON.stringify(worker.queues),
    now,
    now,
  );
}

/** What a tick has to know of its worker. */
export type Self = Pick<WorkerInfo, "id" | "host" | "queues" | "stopRequest" | "slotsRequest">;

/** Within a transaction: a sign of life, unless the tick is brief; null if others have buried this worker. */
export function greet(db: Database, request: TickRequest, now: number): Self | null {
  const { worker: id, draining, slots = null } = request;
  if (!request.isBrief) {
    db.run(
      `UPDATE worker SET heartbeat = heartbeat + 1, heartbeat_at = ?, draining = ?,
        slots = coalesce(?, slots) WHERE id = ?`,
      now,
      draining ? 1 : 0,
      slots,
      id,
    );
  }
  const row = db.get(
    "SELECT host, queues, stop_request, slots_request FROM worker WHERE id = ?",
    id,
  );
  return row && {
    id,
    host: row.host as string,
    queues: queuesFromRow(row),
    stopRequest: row.stop_request as StopRequest | null,
    slotsRequest: row.slots_request as number | null,
  };
}

/** The ids of all workers but this. */
export function otherWorkers(db: Database, id: string): string[] {
  return db.all("SELECT id FROM worker WHERE id <> ?", id).map((row) => row.id as string);
}

/** What is seen of a heart that stands still is written down in steps of so many milliseconds. */
const OBSERVATION_STEP = 250;

/**
 * Within a transaction: notes for how long the hearts of the other workers have stood still. The
 * longest observation of a heartbeat is kept, so that an observer goes on from where another ended.
 */
export function observePeers(db: Database, request: TickRequest): WorkerInfo[] {
  return selectWorkers(db).filter((peer) => peer.id !== request.worker).map((peer) => {
    const seen = request.observed.get(peer.id);
    if (seen?.heartbeat !== peer.heartbeat) return peer;
    if (seen.unmovedFor < peer.unmovedFor + OBSERVATION_STEP) return peer;
    db.run(
      "UPDATE worker SET observed_heartbeat = heartbeat, unmoved_for = ? WHERE id = ?",
      seen.unmovedFor,
      peer.id,
    );
    return { ...peer, unmovedFor: seen.unmovedFor };
  });
}

/** Every worker. */
export function selectWorkers(db: Database): WorkerInfo[] {
  return db.all(`SELECT ${COLUMNS} FROM worker ORDER BY join_order`).map(workerFromRow);
}

/** Within a transaction: a worker is gone, unless attempts of it are left to clean up. */
export function buryWorker(db: Database, id: string): void {
  db.run(
    `DELETE FROM worker WHERE id = ? AND NOT EXISTS
      (SELECT 1 FROM job WHERE state = 'processing' AND worker_id = ?)`,
    id,
    id,
  );
}

/** Within a transaction: asks a worker to stop; `now` is not taken back by a later `drain`. */
export function requestStop(db: Database, id: string, request: StopRequest): void {
  db.run(
    `UPDATE worker SET stop_request = ? WHERE id = ?
      AND (stop_request IS NULL OR stop_request = 'drain')`,
    request,
    id,
  );
}

/** Within a transaction: asks a worker to have so many slots. */
export function requestSlots(db: Database, id: string, slots: number): void {
  db.run("UPDATE worker SET slots_request = ? WHERE id = ?", slots, id);
}

/** The attempts that a worker runs, each with its launcher. */
export function selectAttemptsOf(db: Database, worker: string): RunningAttempt[] {
  return db.all(
    `SELECT job.id, job.token, job.cwd, attempt.attempt, launcher_pid, launcher_start, ahead,
      job.queue, attempt.started_at, job.env ->> 'TRACEPARENT' AS traceparent
    FROM job
    JOIN attempt ON attempt.job = job.seq AND attempt.attempt = job.runs
    WHERE job.state = 'processing' AND job.worker_id = ?`,
    worker,
  ).map((row) => ({
    jobId: row.id as string,
    token: row.token as string,
    attempt: row.attempt as number,
    launcher: { pid: row.launcher_pid as number, startTime: row.launcher_start as string },
    cwd: row.cwd as string | null,
    isAhead: row.ahead === 1,
    trace: {
      queue: row.queue as string,
      startedAt: row.started_at as number,
      traceparent: row.traceparent as string | null,
    },
  }));
}
