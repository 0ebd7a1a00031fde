/**
 * What a store does within one transaction, told apart from how a database is spoken to: a generator that hands
 * out statements and is given their answers. SQLite runs it without a pause, since nobody else may use its one
 * connection meanwhile; PostgreSQL awaits each answer. So there is one text of what both do.
 *
 * @module
 */

/** A value that a column holds. */
export type SqlValue = null | number | string | Uint8Array;

/** A row; truth values are 0 and 1. */
export type Row = Record<string, SqlValue>;

/**
 * A statement, in what both databases understand: `?` is a parameter, and the rest as `postgres/dialect.ts` has
 * it.
 */
export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** What is asked for: its rows, how many rows it changed, or nothing, and then it need not be waited for. */
  readonly wants: "rows" | "changes" | "nothing";
}

/** What a statement gives. */
export type Answer = readonly Row[] | number;

/** Work on a store; whoever runs it answers each statement in its turn, or throws into it. */
export type Work<T> = Generator<Statement, T, Answer>;

/** Every row. */
export function* all(sql: string, ...values: readonly SqlValue[]): Work<readonly Row[]> {
  return (yield { sql, values, wants: "rows" }) as readonly Row[];
}

/** The first row, or null. */
export function* get(sql: string, ...values: readonly SqlValue[]): Work<Row | null> {
  return ((yield { sql, values, wants: "rows" }) as readonly Row[])[0] ?? null;
}

/** Whatever it changes. */
export function* send(sql: string, ...values: readonly SqlValue[]): Work<void> {
  yield { sql, values, wants: "nothing" };
}

/** How many rows it changed. */
export function* run(sql: string, ...values: readonly SqlValue[]): Work<number> {
  return (yield { sql, values, wants: "changes" }) as number;
}
