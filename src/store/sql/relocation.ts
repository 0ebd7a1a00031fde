/**
 * Moving a whole store, in the tables of either side: its mark, and its rows from one to the other.
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import { countOf } from "../../numbers.ts";
import { MARK_KEY, MARK_VERSION } from "../mark.ts";
import { markFromText, markToText, movedError, notEmptyError } from "../moved.ts";
import type { Cells, Mark, Place, Relocation, RowPortion } from "../relocation.ts";
import type { Engine } from "./engine.ts";
import { insertRows, readPortion } from "./relocation_rows.ts";
import { columnsOf, tableOf, TABLES } from "./relocation_tables.ts";
import { addUp } from "./statistics.ts";
import { all, get, run, send, type Work } from "./work.ts";

/** Both sides of a move, on any database. */
export class SqlRelocation implements Relocation {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  mark(): Promise<Mark | null> {
    return this.#engine.read(selectMark);
  }

  contents(): Promise<string | null> {
    return this.#engine.read(findContents);
  }

  countRows(): Promise<number> {
    return this.#engine.read(function* () {
      let rows = 0;
      for (const { name, where } of TABLES) rows += yield* count(name, where);
      return rows;
    });
  }

  async begin(mark: Mark, gone: readonly string[]): Promise<void> {
    const { location, relocation: { lock } } = this.#engine;
    // In portions: of a store that has worked for long there may be many.
    if (mark.role === "source") { while (await this.#engine.writeMuch(addUpSome)); }
    await this.#engine.write("full", function* (now) {
      for (const sql of lock) yield* run(sql);
      const other = yield* selectMark();
      if (other !== null) throw new ConflictError(movedError(location, other).message);
      yield* refuseWorkers(location, gone);
      if (mark.role === "target") yield* refuseContents(location);
      else {
        yield* refuseRunning(location);
        while (yield* addUpSome(now));
      }
      yield* send(
        "INSERT INTO migration (version, applied_at) VALUES (?, ?)",
        MARK_VERSION,
        now,
      );
      yield* send("INSERT INTO setting (key, value) VALUES (?, ?)", MARK_KEY, markToText(mark));
    });
  }

  async proceed(from: Mark, to: Mark): Promise<void> {
    await this.#engine.write("full", () => this.#moveMark(from, to));
  }

  async end(mark: Mark): Promise<void> {
    const same = (from: Mark) => this.#moveMark(from, from);
    await this.#engine.write("full", function* () {
      yield* same(mark);
      yield* send("DELETE FROM setting WHERE key = ?", MARK_KEY);
      yield* send("DELETE FROM migration WHERE version = ?", MARK_VERSION);
    });
  }

  read(place: Place): Promise<RowPortion> {
    return this.#engine.read(() => readPortion(place));
  }

  async write(rows: readonly Cells[], from: Mark, to: Mark): Promise<void> {
    const moveMark = () => this.#moveMark(from, to);
    await this.#engine.writeMuch(function* () {
      yield* moveMark();
      yield* insertRows(from.place!.table, rows);
    });
  }

  async complete(mark: Mark, queues: readonly string[]): Promise<void> {
    const { complete, rememberQueue } = this.#engine.relocation;
    const same = () => this.#moveMark(mark, mark);
    await this.#engine.write("full", function* () {
      yield* same();
      const known = new Set(
        (yield* all("SELECT DISTINCT queue FROM counter")).map(({ queue }) => queue),
      );
      for (const queue of queues) if (!known.has(queue)) yield* run(rememberQueue, queue);
      for (const sql of complete) yield* all(sql);
    });
  }

  nameOf(table: string, row: Cells): string {
    const { noun, key } = tableOf(table);
    return `${noun} (${
      columnsOf(tableOf(table)).slice(0, key.length + 1)
        .map((column, i) => `${column} ${cellText(row[i])}`).join(", ")
    })`;
  }

  /** Two moves at once would each go on from where they have begun. */
  *#moveMark(from: Mark, to: Mark): Work<void> {
    const changed = yield* run(
      "UPDATE setting SET value = ? WHERE key = ? AND value = ?",
      markToText(to),
      MARK_KEY,
      markToText(from),
    );
    if (changed === 1) return;
    throw new ConflictError(
      `Another queuectl migrate is at work on ${this.#engine.location}: wait for its end`,
    );
  }
}

function* selectMark(): Work<Mark | null> {
  const row = yield* get("SELECT value FROM setting WHERE key = ?", MARK_KEY);
  return markFromText((row?.value ?? null) as string | null);
}

function* count(table: string, where = ""): Work<number> {
  const condition = where === "" ? "" : ` WHERE ${where}`;
  return (yield* get(`SELECT count(*) AS rows FROM ${table}${condition}`))!.rows as number;
}

/** Jobs first: they are what people know. */
function* findContents(): Work<string | null> {
  const byInterest = TABLES.toSorted((a, b) => Number(b.name === "job") - Number(a.name === "job"));
  for (const { name, where, noun } of byInterest) {
    const rows = yield* count(name, where);
    if (rows > 0) return countOf(rows, noun, noun.includes(" ") ? `rows: ${noun}` : `${noun}s`);
  }
  return (yield* count("ended_attempts")) > 0 ? "statistics" : null;
}

function* refuseContents(location: string): Work<void> {
  const contents = yield* findContents();
  if (contents !== null) throw notEmptyError(location, contents);
}

function* refuseWorkers(location: string, gone: readonly string[]): Work<void> {
  const workers = yield* all("SELECT id FROM worker ORDER BY join_order");
  const others = workers.filter(({ id }) => !gone.includes(id as string));
  if (others.length === 0) return;
  throw new ConflictError(`A worker has just begun on ${location}: stop it first`);
}

function* refuseRunning(location: string): Work<void> {
  const running = yield* count("job", "state = 'processing'");
  if (running === 0) return;
  throw new ConflictError(
    `${countOf(running, "job")} of ${location} ${running === 1 ? "runs" : "run"}, ` +
      "and nobody knows where: see queuectl doctor",
  );
}

/** Whether there may be more. */
function* addUpSome(now: number): Work<boolean> {
  const row = yield* get("SELECT 1 AS one FROM ended_attempts LIMIT 1");
  if (row === null) return false;
  yield* addUp(now);
  return true;
}

function cellText(cell: Cells[number] | undefined): string {
  return cell instanceof Uint8Array ? `${cell.length} bytes` : String(cell);
}
