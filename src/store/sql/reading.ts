/**
 * Reading rows of many jobs, some at a time: where each statement is a round trip, one for each job takes long.
 *
 * @module
 */

import { all, type Row, type Work } from "./work.ts";

/** So many are read at once: the first ones, before it is known how large they are, and at the most. */
const FIRST = 16;
const MOST = 256;

/** Of large ones fewer are read at once: about so many characters. */
const AT_ONCE = 1024 * 1024;

/**
 * The rows of jobs that are there, in the order of their numbers of arrival as given.
 *
 * @param columns `command` and `seq` among them
 * @param size they end sooner, behind the one with which their commands have so many characters
 */
export function* readRows(
  columns: string,
  seqs: readonly number[],
  size = Infinity,
): Work<Row[]> {
  const sql = `SELECT seq, ${columns} FROM job
    WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;
  const rows: Row[] = [];
  let read = 0;
  let atOnce = FIRST;
  while (rows.length < seqs.length && read < size) {
    const some = seqs.slice(rows.length, rows.length + atOnce);
    const found = new Map<unknown, Row>();
    for (const row of yield* all(sql, JSON.stringify(some))) found.set(row.seq, row);
    for (const seq of some) {
      const row = found.get(seq)!;
      rows.push(row);
      read += (row.command as string).length;
      if (read >= size) break;
    }
    const average = Math.max(1, read / rows.length);
    atOnce = Math.max(1, Math.min(MOST, Math.floor(AT_ONCE / average)));
  }
  return rows;
}
