/**
 * Where tests of the port keep stores in PostgreSQL.
 *
 * @module
 */

import { PostgresEngine } from "../../src/store/postgres/postgres_engine.ts";
import type { Surroundings } from "../../src/store/postgres/tick.ts";
import { SqlStore } from "../../src/store/sql/sql_store.ts";
import type { PostgresSession } from "../toolchain/postgres_session.ts";
import { TestSchema } from "../toolchain/postgres_session.ts";
import type { PostgresVersion } from "../toolchain/postgres_program.ts";
import type { Storage, StorageFactory } from "./scene.ts";

/**
 * Storages in the PostgreSQL of the tests. A schema takes 80 ms to make and 2 ms to empty, so those that are
 * disposed of are emptied and used again.
 */
export class PostgresStorages implements AsyncDisposable {
  readonly #version: PostgresVersion;
  readonly #how: Pick<Surroundings, "reserving">;
  readonly #all: Used[] = [];
  readonly #free: Used[] = [];

  constructor(version: PostgresVersion, how: Pick<Surroundings, "reserving"> = {}) {
    this.#version = version;
    this.#how = how;
  }

  /** Makes an empty storage. */
  readonly make: StorageFactory = async (
    { isShortLived: _, ...surroundings },
  ): Promise<Storage> => {
    const used = this.#free.pop() ?? await this.#add();
    return {
      open: () => openPostgres(used.schema.url, { ...surroundings, ...this.#how }),
      [Symbol.asyncDispose]: async () => {
        await used.session.script(used.emptying);
        this.#free.push(used);
      },
    };
  };

  async #add(): Promise<Used> {
    const schema = await TestSchema.named(this.#version);
    await (await openPostgres(schema.url, {}))[Symbol.asyncDispose]();
    const session = await schema.session();
    const used = { schema, session, emptying: await emptyingOf(session) };
    this.#all.push(used);
    return used;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { session, schema } of this.#all) {
      await session[Symbol.asyncDispose]();
      await schema[Symbol.asyncDispose]();
    }
  }
}

/** A schema with a store. */
interface Used {
  readonly schema: TestSchema;
  readonly session: PostgresSession;
  /** The statements that make the store as it was when it was new. */
  readonly emptying: string;
}

async function openPostgres(url: string, surroundings: Partial<Surroundings>) {
  return new SqlStore(await PostgresEngine.open(url, { create: true, surroundings }));
}

/** What a new store holds stays, and its sequences begin again. Jobs go first: what they leave behind is emptied after them. */
async function emptyingOf(session: PostgresSession): Promise<string> {
  const statements: string[] = [];
  const tables = await session.ask(
    "SELECT relname AS name, relkind AS kind FROM pg_class " +
      "WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'S') ORDER BY relname <> 'job', relname",
  );
  for (const { name, kind } of tables) {
    if (kind === "S") {
      statements.push(`ALTER SEQUENCE ${name} RESTART`);
      continue;
    }
    const [row] = await session.ask(
      `SELECT count(*) AS rows, json_agg(one)::text AS all FROM ${name} AS one`,
    );
    statements.push(`DELETE FROM ${name}`);
    if (Number(row!.rows) > 0) {
      statements.push(
        `INSERT INTO ${name} SELECT * FROM json_populate_recordset(NULL::${name}, '${
          String(row!.all).replaceAll("'", "''")
        }')`,
      );
    }
  }
  return statements.join(";\n");
}
