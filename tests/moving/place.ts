/**
 * Where a store can be that is moved, in a SQLite file or in PostgreSQL, and what is in it.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { moveStore } from "../../src/moving/move_store.ts";
import { PostgresEngine } from "../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../src/store/sql/sql_store.ts";
import type { Store } from "../../src/store/store.ts";
import { type TempDir, tempDir } from "../helpers/temp_dir.ts";
import { openSqlite } from "../store/open_sqlite.ts";
import type { PostgresVersion } from "../toolchain/postgres_program.ts";
import { TestSchema } from "../toolchain/postgres_session.ts";

/** In which database; `old postgres` is the oldest one that will do. */
export type Kind = "sqlite" | "postgres" | "old postgres";

/** The rows of each table, in an order of their own, as JSON of their columns. */
export type Contents = Readonly<Record<string, readonly string[]>>;

/** How a store is opened. */
export interface Opening {
  readonly create: boolean;
  readonly marked?: boolean;
}

/** A place for one store. */
export interface Place extends AsyncDisposable {
  /** As `Store.location`. */
  readonly location: string;
  /** As `Store.address`. */
  readonly address: string;
  open(opening: Opening): Promise<Store>;
  /** Changes it past queuectl. */
  change(sql: string): Promise<void>;
  /** What of it is of concern to another store. */
  contents(): Promise<Contents>;
  /** The mark of a store that is moved, as it is stored; null: there is none. */
  mark(): Promise<string | null>;
  /** Takes the store away. */
  remove(): Promise<void>;
}

/** A place with nothing in it. */
export function newPlace(kind: Kind): Promise<Place> {
  if (kind === "sqlite") return SqlitePlace.make();
  return PostgresPlace.make(kind === "postgres" ? "newest" : "oldest");
}

/** Moves a store, in one go. */
export async function moveAll(from: Place, to: Place): Promise<void> {
  await using source = await from.open({ create: false, marked: true });
  const open = ({ create }: Opening) => to.open({ create, marked: true });
  const newId = () => crypto.randomUUID();
  await moveStore(source, open, { now: Date.now, newId, progress: () => {} });
}

/** The tables whose rows are moved. */
const TABLES =
  "setting queue start schedule statistic ended_parent job input dependency attempt output counter"
    .split(" ");

/** Not the store's own settings, and not that a queue without jobs had some once. */
function conditionOf(table: string): string {
  if (table === "setting") return " WHERE key NOT LIKE ':%'";
  return table === "counter" ? " WHERE jobs <> 0" : "";
}

function textOf(row: Readonly<Record<string, unknown>>): string {
  const columns = Object.entries(row).sort(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify(columns.map(([name, value]) => [
    name,
    value instanceof Uint8Array ? value.toHex?.() ?? [...value].join() : value,
  ]));
}

/** What a SQLite file holds. */
function fileContents(path: string): Contents {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Object.fromEntries(TABLES.map((table) => {
      // A text ends at its first NUL.
      const columns = table === "input" ? "job, CAST(stdin AS BLOB) AS stdin" : "*";
      const rows = database.prepare(`SELECT ${columns} FROM ${table}${conditionOf(table)}`).all();
      return [table, rows.map(textOf).sort()];
    }));
  } finally {
    database.close();
  }
}

const MARK = "SELECT value FROM setting WHERE key = ':move'";

/** Half of Linux's memory: a commit takes 0.1 ms there and not 2. */
const MEMORY = Deno.build.os === "linux" ? "/dev/shm" : undefined;

class SqlitePlace implements Place {
  readonly location: string;
  readonly #temp: TempDir;

  private constructor(temp: TempDir) {
    this.#temp = temp;
    this.location = temp.join("q.db");
  }

  static async make(): Promise<SqlitePlace> {
    return new SqlitePlace(await tempDir(MEMORY));
  }

  get address(): string {
    return this.location;
  }

  open(opening: Opening): Promise<Store> {
    return openSqlite(this.location, opening);
  }

  change(sql: string): Promise<void> {
    const database = new DatabaseSync(this.location);
    database.exec(sql);
    database.close();
    return Promise.resolve();
  }

  contents(): Promise<Contents> {
    return Promise.resolve(fileContents(this.location));
  }

  mark(): Promise<string | null> {
    const database = new DatabaseSync(this.location, { readOnly: true });
    try {
      const row = database.prepare(MARK).get();
      return Promise.resolve(row === undefined ? null : String(row.value));
    } finally {
      database.close();
    }
  }

  remove(): Promise<void> {
    return Deno.remove(this.location);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#temp[Symbol.asyncDispose]());
  }
}

class PostgresPlace implements Place {
  readonly location: string;
  readonly #schema: TestSchema;

  private constructor(schema: TestSchema, location: string) {
    this.#schema = schema;
    this.location = location;
  }

  static async make(version: PostgresVersion): Promise<PostgresPlace> {
    const schema = await TestSchema.named(version);
    const url = new URL(schema.url);
    url.password = "";
    return new PostgresPlace(schema, url.href);
  }

  get address(): string {
    return this.#schema.url;
  }

  async open(opening: Opening): Promise<Store> {
    return new SqlStore(await PostgresEngine.open(this.#schema.url, opening));
  }

  async change(sql: string): Promise<void> {
    await using session = await this.#schema.session();
    await session.script(sql.replaceAll(/x'([0-9a-f]*)'/g, "'\\x$1'::bytea"));
  }

  async contents(): Promise<Contents> {
    await using session = await this.#schema.session();
    const contents: Record<string, readonly string[]> = {};
    for (const table of TABLES) {
      const rows = await session.ask(`SELECT * FROM ${table}${conditionOf(table)}`);
      contents[table] = rows.map(textOf).sort();
    }
    return contents;
  }

  async mark(): Promise<string | null> {
    await using session = await this.#schema.session();
    const [row] = await session.ask(MARK);
    return row === undefined ? null : String(row.value);
  }

  async remove(): Promise<void> {
    await using session = await this.#schema.session();
    await session.script(`DROP SCHEMA ${this.#schema.name} CASCADE`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#schema[Symbol.asyncDispose]();
  }
}
