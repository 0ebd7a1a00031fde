/**
 * What commands and the dashboard read.
 *
 * @module
 */

import { NotFoundError } from "../../errors.ts";
import { type State, STATES } from "../../job/state.ts";
import type { JobFilter, QueueCounts } from "../store.ts";
import type { Database, Row, SqlValue } from "./database.ts";
import { JOB_COLUMNS } from "./rows.ts";

/** A part of an id must have so many characters. */
const MIN_PART = 4;

/** The full id of a job, from it or from a unique beginning or ending. */
export function resolveId(db: Database, idOrPart: string): string {
  if (db.get("SELECT 1 FROM job WHERE id = ?", idOrPart)) return idOrPart;
  const found = idOrPart.length < MIN_PART ? [] : findByPart(db, idOrPart);
  if (found.length === 1) return found[0]!;
  throw new NotFoundError(
    found.length === 0
      ? `There is no job ${JSON.stringify(idOrPart)}`
      : `${JSON.stringify(idOrPart)} fits more than one job: give more of the id`,
  );
}

/** Two ids at the most. A part that begins one id and ends another fits both. */
function findByPart(db: Database, part: string): string[] {
  return db.all(
    // U+10FFFF sorts after every character that an id may hold, so this is a range of the index.
    `SELECT id FROM job WHERE id >= ? AND id < ? || char(1114111)
    UNION SELECT id FROM job WHERE substr(id, -length(?)) = ? LIMIT 2`,
    part,
    part,
    part,
    part,
  ).map((row) => row.id as string);
}

/** Jobs by filter. */
export function selectJobs(db: Database, filter: JobFilter): Row[] {
  const { where, values } = conditions(filter);
  const order = filter.oldestFirst ? "ASC" : "DESC";
  return db.all(
    `SELECT ${JOB_COLUMNS} FROM job ${where} ORDER BY seq ${order} LIMIT ?`,
    ...values,
    filter.limit ?? -1,
  );
}

/** How many jobs a filter finds: from the counters, where it names no tag. */
export function countJobs(db: Database, filter: JobFilter): number {
  const { where, values } = conditions(filter);
  const sql = filter.tag === undefined
    ? `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter ${where}`
    : `SELECT count(*) AS jobs FROM job ${where}`;
  return db.get(sql, ...values)!.jobs as number;
}

function conditions(filter: JobFilter): { where: string; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  if (filter.states) {
    parts.push(`state IN (${filter.states.map(() => "?").join(", ")})`);
    values.push(...filter.states);
  }
  if (filter.queue !== undefined) {
    parts.push("queue = ?");
    values.push(filter.queue);
  }
  if (filter.tag !== undefined) {
    parts.push("EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)");
    values.push(filter.tag);
  }
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}

/** The counters, a record per queue that has ever held a job. */
export function queueCounts(db: Database): QueueCounts[] {
  const queues = new Map<string, Record<State, number>>();
  for (const row of db.all("SELECT queue, state, jobs FROM counter ORDER BY queue")) {
    const queue = row.queue as string;
    const counts = queues.get(queue) ?? zeroCounts();
    counts[row.state as State] = row.jobs as number;
    queues.set(queue, counts);
  }
  return [...queues].map(([queue, counts]) => ({ queue, counts }));
}

/** No job in any state. */
function zeroCounts(): Record<State, number> {
  return Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
}
