/**
 * How tests look into PostgreSQL past queuectl.
 *
 * @module
 */

import pg from "pg";
import { inDialect } from "../../src/store/postgres/dialect.ts";
import type { Row, SqlValue } from "../../src/store/sql/work.ts";
import { testServer } from "./postgres.ts";
import type { PostgresVersion } from "./postgres_program.ts";

/** Types whose values the client would hand on as text (`int8`, `numeric`) or as a truth value (`bool`). */
const PARSERS: Readonly<Record<number, (text: string) => SqlValue>> = {
  16: (text) => text === "t" ? 1 : 0,
  20: Number,
  1700: Number,
};

/** A connection; `await using` closes it. */
export class PostgresSession implements AsyncDisposable {
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** Connects, by an address without parameters of queuectl's, and takes a schema for the default one. */
  static async open(address: string, schema: string): Promise<PostgresSession> {
    const url = new URL(address);
    url.search = "";
    const client = new pg.Client({
      connectionString: url.href,
      application_name: "test",
      options: `-c search_path=${schema}`,
      types: {
        getTypeParser: (type: number, format: "text") =>
          PARSERS[type] ?? pg.types.getTypeParser(type, format),
      },
    });
    await client.connect();
    return new PostgresSession(client);
  }

  /** The rows of a statement as those of `src/store/sql/`, in which `?` is a parameter. */
  async ask(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return (await this.#client.query(inDialect(sql), [...values])).rows;
  }

  /** Runs statements without parameters. */
  async script(sql: string): Promise<void> {
    await this.#client.query(sql);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end();
  }
}

/** A schema of a test's own in the shared server: dropped when it is disposed of. */
export class TestSchema implements AsyncDisposable {
  /** Its name. */
  readonly name: string;
  /** The address of a store in it. */
  readonly url: string;

  private constructor(name: string, url: string) {
    this.name = name;
    this.url = url;
  }

  /** One that nobody has made yet: whoever opens a store in it does. */
  static async named(version?: PostgresVersion): Promise<TestSchema> {
    const name = `t_${crypto.randomUUID().slice(0, 13).replace("-", "")}`;
    const url = new URL(await testServer(version));
    url.searchParams.set("schema", name);
    return new TestSchema(name, url.href);
  }

  /** A connection in whose statements the schema need not be named. */
  session(): Promise<PostgresSession> {
    return PostgresSession.open(this.url, this.name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using session = await this.session();
    // Who is still there and in the middle of something is a fault of the test.
    await session.script(
      `SET lock_timeout = '10s'; SET client_min_messages = warning;
      DROP SCHEMA IF EXISTS ${this.name} CASCADE`,
    );
  }
}

/** Whether one of these ports of this machine is that of a connection of a process. */
export function isConnectionOf(pid: number, ports: readonly number[]): boolean {
  const own = new Set(socketsOf(pid));
  return Deno.readTextFileSync("/proc/net/tcp").split("\n").slice(1).some((line) => {
    const [, local = "", , , , , , , , inode = ""] = line.trim().split(/\s+/);
    return own.has(inode) && ports.includes(parseInt(local.split(":")[1]!, 16));
  });
}

/** The inodes of the sockets of a process; none if it has ended. */
function* socketsOf(pid: number): Generator<string> {
  try {
    for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
      const target = Deno.readLinkSync(`/proc/${pid}/fd/${name}`);
      const [, inode] = /^socket:\[(\d+)\]$/.exec(target) ?? [];
      if (inode !== undefined) yield inode;
    }
  } catch (error) {
    // It has ended, or has closed one meanwhile: whoever asks looks again.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
