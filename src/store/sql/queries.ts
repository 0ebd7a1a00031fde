/**
 * What commands and the dashboard read.
 *
 * @module
 */

import { NotFoundError, UsageError } from "../../errors.ts";
import type { Attempt, Job } from "../../job/job.ts";
import { quote } from "../../quote.ts";
import type { JobFilter } from "../store.ts";
import { attemptFromRow, JOB_COLUMNS, jobFromRow } from "./rows.ts";
import { all, get, type SqlValue, type Work } from "./work.ts";

/** A part of an id must have so many characters. */
const MIN_PART = 4;

/** The full id of a job, from it or from a unique beginning or ending. */
export function* resolveId(idOrPart: string): Work<string> {
  if (yield* get("SELECT 1 FROM job WHERE id = ?", idOrPart)) return idOrPart;
  const found = idOrPart.length < MIN_PART ? [] : yield* findByPart(idOrPart);
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
function* findByPart(part: string): Work<string[]> {
  const rows = yield* all(
    `SELECT id FROM job WHERE id >= ? AND id < ?
    UNION SELECT id FROM job WHERE instr(id, ?) > 0 AND substr(id, length(id) - length(?) + 1) = ?
    LIMIT 2`,
    part,
    behind(part),
    part,
    part,
    part,
  );
  return rows.map((row) => row.id as string);
}

/**
 * What comes after all that begins so: U+10FFFF sorts after every character that an id may hold. So what begins so is a
 * range of an index.
 */
export function behind(beginning: string): string {
  return `${beginning}\u{10FFFF}`;
}

/** One job, or null. */
export function* selectJob(id: string): Work<Job | null> {
  const row = yield* get(`SELECT ${JOB_COLUMNS} FROM job WHERE id = ?`, id);
  return row && jobFromRow(row);
}

/** See `Store.attempts`. */
export function* selectAttempts(id: string): Work<Attempt[]> {
  const rows = yield* all(
    "SELECT * FROM attempt WHERE job = (SELECT seq FROM job WHERE id = ?) ORDER BY attempt",
    id,
  );
  return rows.map(attemptFromRow);
}

/** The job that waits longest in `pending` of those from a number on; null if none does. */
export function* selectOldestPending(
  from: number,
): Work<{ readonly seq: number; readonly createdAt: number } | null> {
  const row = yield* get(
    "SELECT seq, created_at FROM job WHERE state = 'pending' AND seq >= ? ORDER BY seq LIMIT 1",
    from,
  );
  return row && { seq: row.seq as number, createdAt: row.created_at as number };
}

/** Whether counters know how many jobs a filter finds: it names nothing but states and a queue. */
export function isCounted({ tag, idPrefix, text, error }: JobFilter): boolean {
  return [tag, idPrefix, text, error].every((part) => part === undefined);
}

/** How many jobs a filter finds: from the counters, where they know. */
export function* countJobs(filter: JobFilter): Work<number> {
  const { where, values } = conditions(filter);
  const sql = isCounted(filter)
    ? `SELECT coalesce(sum(jobs), 0) AS jobs FROM counter ${where}`
    : `SELECT count(*) AS jobs FROM job ${where}`;
  return (yield* get(sql, ...values))!.jobs as number;
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
    const states = filter.states.map(() => "?").join(", ");
    parts.push(states === "" ? "false" : `${byState}state IN (${states})`);
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
    parts.push(`${byId}id >= ? AND ${byId}id < ?`);
    values.push(filter.idPrefix, behind(filter.idPrefix));
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
  return { holds: (column) => `instr(lower(${column}), ?) > 0`, value };
}

/** Longer patterns SQLite refuses, and a NUL ends one. */
const MOST_TEXT = 1000;

function requireText(text: string): void {
  if (text.length <= MOST_TEXT && !text.includes("\0")) return;
  throw new UsageError(
    `The text to look for may have at most ${MOST_TEXT} characters, and no NUL: give a part of it`,
  );
}
