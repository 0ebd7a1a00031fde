/**
 * Rows of any table that is moved: read in portions, and written many at once.
 *
 * @module
 */

import { errorText } from "../../job/outcome.ts";
import type { Cell, Cells, Place, RowPortion } from "../relocation.ts";
import {
  columnsOf,
  lengthOf,
  readingOf,
  type Table,
  tableOf,
  TABLES,
  writingOf,
} from "./relocation_tables.ts";
import { all, send, type Work } from "./work.ts";

/** So many rows make a portion, which is stored in one transaction. */
const PORTION = 4000;

/** A portion of large rows ends with the one that brings it to about so many characters and bytes. */
const PORTION_SIZE = 4 * 1024 * 1024;

/** So many rows are stored by one statement at the most; halves of it and so on are other statements. */
const AT_ONCE = 128;

/** Within a snapshot: the rows that follow a place. */
export function* readPortion({ table: name, after }: Place): Work<RowPortion> {
  const table = tableOf(name);
  const last = table.large === undefined ? null : yield* lastOf(table, table.large, after);
  const bounds: Bounds = { after, last };
  const { where, values } = conditions(table, bounds);
  const columns = columnsOf(table);
  const found = yield* all(
    `SELECT ${columns.map(readingOf).join(", ")} FROM ${name} ${where}
    ORDER BY ${table.key.join(", ")} LIMIT ${PORTION}`,
    ...values,
  );
  const rows = found.map((row) => columns.map((column) => row[column] as Cell));
  if (table.error !== undefined) cutErrors(rows, columns.indexOf(table.error));
  return { rows, next: nextPlace(table, rows) };
}

/** An index of PostgreSQL takes no more of it. */
function cutErrors(rows: readonly Cell[][], place: number): void {
  for (const row of rows) {
    const error = row[place];
    if (typeof error === "string") row[place] = errorText(error);
  }
}

/** Which rows of a table: those behind a key, up to another one. */
interface Bounds {
  readonly after: Place["after"];
  readonly last: Place["after"];
}

/** The key of the row with which a portion of large rows ends; null: there is no row. */
function* lastOf(
  table: Table,
  large: readonly string[],
  after: Place["after"],
): Work<Place["after"]> {
  const { where, values } = conditions(table, { after, last: null });
  const rows = yield* all(
    `SELECT ${table.key.join(", ")}, ${large.map(lengthOf).join(" + ")} AS size
    FROM ${table.name} ${where} ORDER BY ${table.key.join(", ")} LIMIT ${PORTION}`,
    ...values,
  );
  let size = 0;
  const row = rows.find((row) => (size += row.size as number) >= PORTION_SIZE) ?? rows.at(-1);
  return row === undefined ? null : table.key.map((column) => row[column] as number | string);
}

function conditions({ key, where }: Table, { after, last }: Bounds) {
  const columns = key.length === 1 ? key[0]! : `(${key.join(", ")})`;
  const values = key.length === 1 ? "?" : `(${key.map(() => "?").join(", ")})`;
  const all = [
    ...(where === undefined ? [] : [where]),
    ...(after === null ? [] : [`${columns} > ${values}`]),
    ...(last === null ? [] : [`${columns} <= ${values}`]),
  ];
  return {
    where: all.length === 0 ? "" : `WHERE ${all.join(" AND ")}`,
    values: [...after ?? [], ...last ?? []],
  };
}

/** A portion without rows is the end of its table. */
function nextPlace(table: Table, rows: readonly Cells[]): Place | null {
  const row = rows.at(-1);
  if (row !== undefined) {
    const after = row.slice(0, table.key.length) as (number | string)[];
    return { table: table.name, after };
  }
  const next = TABLES[TABLES.indexOf(table) + 1];
  return next === undefined ? null : { table: next.name, after: null };
}

/** Within a transaction: stores rows of a table. */
export function* insertRows(name: string, rows: readonly Cells[]): Work<void> {
  const table = tableOf(name);
  const columns = columnsOf(table);
  const row = `(${columns.map(writingOf).join(", ")})`;
  for (let stored = 0; stored < rows.length;) {
    const count = atOnce(rows.length - stored);
    yield* send(
      `INSERT INTO ${name} (${columns.join(", ")}) VALUES ${Array(count).fill(row).join(", ")}`,
      ...rows.slice(stored, stored + count).flat(),
    );
    stored += count;
  }
}

/** A power of two: there are few texts of the statement, each of which is prepared once. */
function atOnce(left: number): number {
  return Math.min(AT_ONCE, 2 ** Math.floor(Math.log2(left)));
}
