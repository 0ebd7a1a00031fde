/**
 * What commands and the dashboard read.
 *
 * @module
 */

import { NotFoundError, UsageError } from "../../errors.ts";
import type { Job } from "../../job/job.ts";
import { quote } from "../../quote.ts";
import type { JobFilter } from "../store.ts";
import type { Database, SqlValue } from "./database.ts";
import { JOB_COLUMNS, jobFromRow } from "./rows.ts";

/** A part of an id must have so many characters. */
const MIN_PART = 4;

/** The full id of a job, from it or from a unique beginning or ending. */
export function resolveId(db: Database, idOrPart: string): string {
  if (db.get("SELECT 1 FROM job WHERE id = ?", idOrPart)) return idOrPart;
  const found = idOrPart.length < MIN_PART ? [] : findByPart(db, idOrPart);
  if (found.length === 1) return found[0]!;
  const quoted = quote(idOrPart);
  if (found.length > 1) {
    throw new NotFoundError(`${quoted} fits more than one job: give more of the id`);
  }
  throw new NotFoundError(
    `There is no job ${quoted}` +
      (idOrPart.length < MIN_PART ? `; a part of an id has at least ${MIN_PART} characters` : ""),
  );
}

/**
 * Two ids at the most. A part that begins one id and ends another fits both. For an ending all ids are
 * looked through: a million in 120 ms, and in 260 without `instr`, which is the cheaper one to ask.
 */
function findByPart(db: Database, part: string): string[] {
  return db.all(
    // U+10FFFF sorts after every character that an id may hold, so this is a range of the index.
    `SELECT id FROM job WHERE id >= ? AND id < ? || char(1114111)
    UNION SELECT id FROM job WHERE instr(id, ?) AND substr(id, -length(?)) = ? LIMIT 2`,
    part,
    part,
    part,
    part,
    part,
  ).map((row) => row.id as string);
}

/** One job, or null. */
export function selectJob(db: Database, id: string): Job | null {
  const row = db.get(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`, id);
  return row && jobFromRow(row);
}

/** Whether counters know how many jobs a filter finds: it names nothing but states and a queue. */
export function isCounted({ tag, idPrefix, text, error }: JobFilter): boolean {
  return [tag, idPrefix, text, error].every((part) => part === undefined);
}

/** How many jobs a filter finds: from the counters, where they know. */
export function countJobs(db: Database, filter: JobFilter): number {
  const { where, values } = conditions(filter);
  const sql = isCounted(filter)
    ? `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter ${where}`
    : `SELECT count(*) AS jobs FROM job ${where}`;
  return db.get(sql, ...values)!.jobs as number;
}

/**
 * The WHERE clause of a filter, without its limit, and the values of its parameters.
 *
 * @param commonPrefix whether many ids begin as the filter says
 */
export function conditions(
  filter: JobFilter,
  commonPrefix = false,
): { where: string; values: SqlValue[] } {
  const { parts, values } = clauses(filter, commonPrefix);
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}

/** The same, clause by clause. */
export function clauses(
  filter: JobFilter,
  commonPrefix = false,
): { parts: string[]; values: SqlValue[] } {
  const parts: string[] = [];
  const values: SqlValue[] = [];
  // A `+` keeps SQLite from an index; without statistics it takes the wrong one, 1.1 s in a million jobs.
  const [byId, byState] = commonPrefix || filter.idPrefix === undefined ? ["+", ""] : ["", "+"];
  if (filter.states) {
    parts.push(`${byState}state IN (${filter.states.map(() => "?").join(", ")})`);
    values.push(...filter.states);
  }
  if (filter.queue !== undefined) {
    parts.push("queue = ?");
    values.push(filter.queue);
  }
  if (filter.tag !== undefined) {
    parts.push("tags <> '[]' AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)");
    values.push(filter.tag);
  }
  if (filter.idPrefix !== undefined) {
    // As in findByPart, a range of the index.
    parts.push(`${byId}id >= ? AND ${byId}id < ? || char(1114111)`);
    values.push(filter.idPrefix, filter.idPrefix);
  }
  if (filter.error !== undefined) {
    parts.push("error = ?");
    values.push(filter.error);
  }
  if (filter.text !== undefined && filter.text !== "") {
    requireText(filter.text);
    const { holds, value } = search(filter.text);
    const inTags = `tags <> '[]' AND EXISTS (SELECT 1 FROM json_each(tags) WHERE ${
      holds("value")
    })`;
    parts.push(`(${holds("id")} OR ${holds("command")} OR ${holds("error")} OR (${inTags}))`);
    values.push(value, value, value, value);
  }
  return { parts, values };
}

/** LIKE is twice as fast as instr on what people write. */
const SHORT_TEXT = 16;

/**
 * How a column is searched, by SQL with one parameter. A long text is nothing for LIKE: in a command of 131,000 times
 * the same letter it looks 300 ms for 999 of them and another one, and `instr` 4 ms.
 */
function search(text: string): { holds: (column: string) => string; value: string } {
  if (text.length <= SHORT_TEXT) {
    const value = `%${text.replace(/[%_\\]/g, "\\$&")}%`;
    return { holds: (column) => `${column} LIKE ? ESCAPE '\\'`, value };
  }
  // As LIKE has it, and lower() of SQLite: of ASCII letters alone.
  const value = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return { holds: (column) => `instr(lower(${column}), ?)`, value };
}

/** Longer patterns SQLite refuses, and a NUL ends one. */
const MOST_TEXT = 1000;

function requireText(text: string): void {
  if (text.length <= MOST_TEXT && !text.includes("\0")) return;
  throw new UsageError(
    `The text to look for may have at most ${MOST_TEXT} characters, and no NUL: give a part of it`,
  );
}

/** Of the jobs that are due soon at most so many are counted: it is enough to know that there are many. */
const MOST_DUE = 1000;

/** See `Store.outstanding`. */
export function countOutstanding(
  db: Database,
  queues: readonly string[] | null,
  dueBefore: number,
  except: string | null,
): number {
  // SQLite takes the last two conditions away for an empty list, and then finds no use for the index.
  if (queues?.length === 0) return 0;
  const served = queues === null ? "" : `queue IN (${queues.map(() => "?").join(", ")}) AND`;
  const values = queues ?? [];
  const active = "queue NOT IN (SELECT name FROM queue WHERE paused = 1)";
  const later = "(state = 'scheduled' OR state = 'failed')";
  return count(
    `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter
    WHERE ${served} (state = 'processing' OR (state = 'pending' AND ${active}))`,
    ...values,
    // Of parents that have ended the dependents may be pending in a moment.
  ) + countDue() + (db.get("SELECT 1 FROM ended_parent LIMIT 1") === null ? 0 : 1) - count(
    `SELECT count(*) AS jobs FROM job WHERE ${served} id = ? AND state = 'processing'`,
    ...values,
    except,
  );

  /** A drained worker asks at each tick, and there may be a million of them, also of paused queues. */
  function countDue(): number {
    const own = count(
      `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter WHERE ${served} ${later} AND ${active}`,
      ...values,
    );
    if (own === 0) return 0;
    const all = count(`SELECT coalesce(sum(jobs), 0) AS jobs FROM counter WHERE ${later}`);
    // Where nobody's are left out the index is enough, without a look at each job.
    const [filter, filterValues] = own === all ? ["", []] : [`${served} ${active} AND`, values];
    return count(
      `SELECT count(*) AS jobs FROM (SELECT 1 FROM job INDEXED BY job_due
        WHERE ${filter} ${later} AND run_at <= ? LIMIT ${MOST_DUE})`,
      ...filterValues,
      dueBefore,
    );
  }

  function count(sql: string, ...values: SqlValue[]): number {
    return db.get(sql, ...values)!.jobs as number;
  }
}
