import { deepStrictEqual, ok } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { readPortion } from "../../src/store/sql/relocation_rows.ts";
import { columnsOf, TABLES } from "../../src/store/sql/relocation_tables.ts";
import { MIGRATIONS } from "../../src/store/sqlite/migrations.ts";

/** What is kept by triggers, made anew, or speaks of workers. */
const NOT_MOVED = ["counter", "ended_attempts", "worker"];

function emptyStore(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  for (const step of MIGRATIONS) database.exec(step);
  return database;
}

Deno.test("TABLES has every table and column of a store, but for what is not to be moved", () => {
  using closing = new DisposableStack();
  const database = emptyStore();
  closing.defer(() => database.close());
  const tables = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  ).all().map(({ name }) => String(name));
  deepStrictEqual(TABLES.map(({ name }) => name).concat(NOT_MOVED).sort(), tables.sort());
  for (const table of TABLES) {
    const columns = database.prepare("SELECT name FROM pragma_table_info(?)").all(table.name);
    deepStrictEqual(
      columnsOf(table).toSorted(),
      columns.map(({ name }) => String(name)).sort(),
      table.name,
    );
  }
});

Deno.test("readPortion() finds the rows after a place by an index, and sorts nothing", () => {
  using closing = new DisposableStack();
  const database = emptyStore();
  closing.defer(() => database.close());
  for (const { name, key } of TABLES) {
    const after = key.map(() => 1);
    const reading = readPortion({ table: name, after });
    for (let step = reading.next(); !step.done; step = reading.next([])) {
      const { sql, values } = step.value;
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values)
        .map(({ detail }) => String(detail));
      ok(plan.length === 1 && plan[0]!.startsWith(`SEARCH ${name} USING `), `${sql}\n${plan}`);
    }
  }
});
