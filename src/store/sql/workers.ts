/**
 * Workers: who is there, whose heart beats, who is asked to stop.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import type { RunningAttempt, TickRequest } from "../tick.ts";
import type { NewWorker, StopRequest, WorkerInfo } from "../workers.ts";
import { envFromRow, queuesFromRow, workerFromRow } from "./rows.ts";
import { all, get, run, send, type Work } from "./work.ts";

/**
 * How many of its slots a worker uses. Which of those that were claimed ahead have begun is not written down, but no
 * more than there are slots for.
 */
const BUSY = `(SELECT CASE WHEN count(*) <= worker.slots THEN count(*)
      WHEN count(*) FILTER (WHERE ahead = 0) > worker.slots THEN count(*) FILTER (WHERE ahead = 0)
      ELSE worker.slots END
    FROM job CROSS JOIN attempt ON (attempt.job = job.seq AND attempt.attempt = job.runs)
    WHERE job.state = 'processing' AND job.worker_id = worker.id)`;

/** An observation speaks of one heartbeat; of any other, nothing has been seen yet. */
const workers = (busy: string) =>
  `SELECT worker.*, CASE WHEN observed_heartbeat = heartbeat THEN unmoved_for ELSE 0 END AS unmoved,
  ${busy} AS busy FROM worker`;

const WORKERS = workers(BUSY);
/** Without a count of what each runs: of 16 workers each second tick spent most of its time with that. */
const PEERS = workers("0");

/** Within a transaction of a store that several hosts share: the lease by which a worker goes. */
export function* noteLease({ id, lease }: NewWorker): Work<void> {
  if (lease !== undefined) yield* send("UPDATE worker SET lease = ? WHERE id = ?", lease, id);
}

/**
 * Within a transaction: a worker begins. One that does so again, since it had no answer, changes nothing.
 *
 * @throws {ConflictError} if another process is there by this id
 */
export function* insertWorker(worker: NewWorker, now: number): Work<void> {
  const { host, hostIdentity, process: { pid, startTime } } = worker;
  const inserted = yield* run(
    `INSERT INTO worker (id, host, host_identity, pid, process_start, slots, queues, started_at,
      heartbeat_at, join_order)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT coalesce(max(join_order), 0) + 1 FROM worker))
    ON CONFLICT DO NOTHING`,
    worker.id,
    host,
    hostIdentity,
    pid,
    startTime,
    worker.slots,
    worker.queues === null ? null : JSON.stringify(worker.queues),
    now,
    now,
  );
  if (inserted > 0) return;
  const own = yield* get(
    "SELECT 1 AS found FROM worker WHERE id = ? AND host_identity = ? AND pid = ? AND process_start = ?",
    ...[worker.id, hostIdentity, pid, startTime],
  );
  if (own === null) {
    throw new ConflictError(`There is a worker ${worker.id} already: start this one again`);
  }
}

/** What a tick has to know of its worker. */
export type Self = Pick<WorkerInfo, "id" | "host" | "queues" | "stopRequest" | "slotsRequest">;

/** Within a transaction: a sign of life, unless the tick is brief; null if others have buried this worker. */
export function* greet(request: TickRequest, now: number): Work<Self | null> {
  const { worker: id, draining, slots = null } = request;
  const row = request.isBrief
    // Nobody may bury it while it claims.
    ? yield* get(`SELECT ${OWN} FROM worker WHERE id = ? FOR UPDATE`, id)
    : yield* get(
      `UPDATE worker SET heartbeat = heartbeat + 1, heartbeat_at = ?, draining = ?,
        slots = coalesce(?, slots) WHERE id = ? RETURNING ${OWN}`,
      now,
      draining ? 1 : 0,
      slots,
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

const OWN = "host, queues, stop_request, slots_request";

/** Within a transaction: nothing but a sign of life; whether the worker is there. */
export function* beat(worker: string, now: number): Work<boolean> {
  return (yield* run(
    "UPDATE worker SET heartbeat = heartbeat + 1, heartbeat_at = ? WHERE id = ?",
    now,
    worker,
  )) > 0;
}

/** The ids of all workers but this. */
export function* otherWorkers(id: string): Work<string[]> {
  const rows = yield* all("SELECT id FROM worker WHERE id <> ?", id);
  return rows.map((row) => row.id as string);
}

/** What is seen of a heart that stands still is written down in steps of so many milliseconds. */
const OBSERVATION_STEP = 250;

/**
 * Each is the time, the heartbeat and the id, since a list holds nothing but texts. Where the heart has beaten meanwhile, or
 * another observer has written down as much, nothing changes. A row that somebody else holds is left to the next look.
 */
const OBSERVE = `WITH seen AS (
    SELECT CAST(substr(value, 1, 16) AS INTEGER) AS unmoved,
      CAST(substr(value, 17, 16) AS INTEGER) AS beat, substr(value, 33) AS id FROM json_each(?)
  ), free AS (
    SELECT id FROM worker WHERE id IN (SELECT id FROM seen) FOR UPDATE SKIP LOCKED
  )
  UPDATE worker SET observed_heartbeat = seen.beat, unmoved_for = seen.unmoved
  FROM seen JOIN free ON free.id = seen.id
  WHERE worker.id = seen.id AND heartbeat = seen.beat
    AND (observed_heartbeat <> seen.beat OR unmoved_for < seen.unmoved)`;

/**
 * Within a transaction: notes for how long the hearts of the other workers have stood still. The
 * longest observation of a heartbeat is kept, so that an observer goes on from where another ended. How busy they
 * are is not told.
 */
export function* observePeers(request: TickRequest): Work<WorkerInfo[]> {
  const peers: WorkerInfo[] = [];
  const seen: string[] = [];
  for (const row of yield* all(`${PEERS} WHERE id <> ? ORDER BY join_order`, request.worker)) {
    const peer = workerFromRow(row);
    const { id, heartbeat, unmovedFor } = peer;
    const own = request.observed.get(id);
    if (own?.heartbeat !== heartbeat || own.unmovedFor < unmovedFor + OBSERVATION_STEP) {
      peers.push(peer);
    } else {
      peers.push({ ...peer, unmovedFor: own.unmovedFor });
      seen.push(`${place(own.unmovedFor)}${place(heartbeat)}${id}`);
    }
  }
  if (seen.length > 0) yield* send(OBSERVE, JSON.stringify(seen));
  return peers;
}

function place(number: number): string {
  return String(number).padStart(16, "0");
}

/** Every worker. */
export function* selectWorkers(): Work<WorkerInfo[]> {
  return (yield* all(`${WORKERS} ORDER BY join_order`)).map(workerFromRow);
}

/** Within a transaction: a worker is gone, unless attempts of it are left to clean up. */
export function* buryWorker(id: string): Work<void> {
  // If it still claims somewhere, that comes first, and is seen below.
  yield* get("SELECT 1 AS found FROM worker WHERE id = ? FOR UPDATE", id);
  yield* send(
    `DELETE FROM worker WHERE id = ? AND NOT EXISTS
      (SELECT 1 FROM job WHERE state = 'processing' AND worker_id = ?)`,
    id,
    id,
  );
}

/** Within a transaction: asks a worker to stop; `now` is not taken back by a later `drain`. */
export function* requestStop(id: string, request: StopRequest): Work<void> {
  yield* send(
    `UPDATE worker SET stop_request = ? WHERE id = ?
      AND (stop_request IS NULL OR stop_request = 'drain')`,
    request,
    id,
  );
}

/** Within a transaction: asks a worker to have so many slots. */
export function* requestSlots(id: string, slots: number): Work<void> {
  yield* send("UPDATE worker SET slots_request = ? WHERE id = ?", slots, id);
}

/** The attempts that a worker runs, each with its launcher. */
export function* selectAttemptsOf(worker: string): Work<RunningAttempt[]> {
  const rows = yield* all(
    `SELECT job.id, job.token, job.cwd, attempt.attempt, launcher_pid, launcher_start, ahead,
      job.queue, attempt.started_at, job.env
    FROM job
    CROSS JOIN attempt ON (attempt.job = job.seq AND attempt.attempt = job.runs)
    WHERE job.state = 'processing' AND job.worker_id = ?`,
    worker,
  );
  return rows.map((row) => ({
    jobId: row.id as string,
    token: row.token as string,
    attempt: row.attempt as number,
    launcher: { pid: row.launcher_pid as number, startTime: row.launcher_start as string },
    cwd: row.cwd as string | null,
    isAhead: row.ahead === 1,
    trace: {
      queue: row.queue as string,
      startedAt: row.started_at as number,
      traceparent: envFromRow(row).TRACEPARENT ?? null,
    },
  }));
}
