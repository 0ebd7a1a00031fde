/**
 * Which version the schema of a store has, and how it gets the version of this program.
 *
 * @module
 */

import { MissingStoreError, NewerStoreError, StoreError, StoreGoneError } from "../../errors.ts";
import type { Row } from "../sql/work.ts";
import { MARK_KEY, MARK_VERSION } from "../mark.ts";
import { markFromText, movedError } from "../moved.ts";
import type { Connection } from "./connections.ts";
import { MIGRATIONS } from "./migrations.ts";
import { Preamble } from "./preamble.ts";
import { quoteName } from "./psql.ts";

/** The oldest version of the server that will do, as `server_version_num` has it. */
const OLDEST_SERVER = 140_000;

/** Two programs that make a store at once come one after the other. */
const LOCK = "SELECT pg_advisory_xact_lock(hashtext('queuectl migration ' || $1))";

const FOUND = `SELECT current_setting('server_version_num')::int AS server,
    current_setting('server_version') AS server_name,
    (SELECT count(*) FROM pg_class WHERE relnamespace = pg_namespace.oid) AS things,
    to_regclass(format('%I.migration', $1::text)) IS NOT NULL AS has_versions
  FROM (SELECT) AS one LEFT JOIN pg_namespace ON nspname = $1`;

/** Where a store is to be made. */
const PLACE = `SELECT nspname IS NOT NULL AS is_there, current_user AS own,
    has_database_privilege(current_database(), 'CREATE') AS may_make,
    coalesce(has_schema_privilege('public', pg_namespace.oid, 'CREATE'), false) AS is_open
  FROM (SELECT) AS one LEFT JOIN pg_namespace ON nspname = $1`;

/** The migrations of the store in a schema. */
const historyOf = (quoted: string) =>
  `SELECT min(version) AS first, max(version) AS last, count(*) AS rows,
    min(applied_at) FILTER (WHERE version = 1) AS made_at,
    (SELECT version FROM ${quoted}.migration WHERE version = ${MARK_VERSION}) AS mark
  FROM ${quoted}.migration WHERE version <> ${MARK_VERSION}`;

/** What a program wants of a schema. */
export interface SchemaOptions {
  /** Where the store is, for people. */
  readonly location: string;
  /** The name of the schema. */
  readonly name: string;
  /** Whether a store that is being moved, or was, will do. */
  readonly marked: boolean;
}

/** What tells one store in a schema from another one that was made there later, or brought up to date. */
export interface Stand {
  readonly version: number;
  /** When it was made, milliseconds since the epoch. */
  readonly madeAt: number;
}

/** The schema that this program knows, in one database. */
export class Schema {
  /** What transactions on it say first. */
  readonly preamble: Preamble;
  readonly #options: SchemaOptions;
  /** Its name within SQL. */
  readonly #quoted: string;
  /** When the store was made. */
  #madeAt = 0;

  constructor(options: SchemaOptions) {
    this.#options = options;
    this.#quoted = quoteName(options.name);
    this.preamble = new Preamble(options.name);
  }

  /** The newest version. */
  get newest(): number {
    return MIGRATIONS.length;
  }

  /** How the store stood when it was {@link prepare prepared}. */
  get stand(): Stand {
    return { version: this.newest, madeAt: this.#madeAt };
  }

  /**
   * Makes sure that the store is there and has the version of this program.
   *
   * @throws {StoreError} if it is missing and not to be made, too new, another program's, or old and to be read only
   */
  async prepare(
    connection: Connection,
    { create, readOnly }: { readonly create: boolean; readonly readOnly: boolean },
  ): Promise<void> {
    const version = await this.#versionOf(connection);
    if (version === this.newest) return;
    if (version === 0 && !create) throw this.#missing();
    if (readOnly) {
      throw new StoreError(
        `The store ${this.#options.location} is of an older version: any command updates it`,
      );
    }
    await this.#bringUpToDate(connection);
  }

  /**
   * Within a transaction: that the store is still the same, and has the version of this program.
   *
   * @param stand its `version`, and when it was `made_at`
   * @throws {StoreError} if it is another one
   */
  async require(
    { version, made_at: madeAt }: Row,
    connection: Pick<Connection, "query">,
  ): Promise<void> {
    if (version === this.newest && madeAt === this.#madeAt) return;
    if (version === this.newest) {
      throw new StoreGoneError(`The store ${this.#options.location} was replaced by another one`);
    }
    if (version === MARK_VERSION) {
      if (!this.#options.marked) throw await this.#moved(connection);
      return;
    }
    throw typeof version === "number" && version > this.newest
      ? this.#tooNew(version)
      : this.#odd();
  }

  async #versionOf(connection: Connection): Promise<number> {
    const { rows: [found] } = await connection.query(FOUND, [this.#options.name]);
    const { server, server_name: serverName, things, has_versions: hasVersions } = found!;
    if ((server as number) < OLDEST_SERVER) {
      throw new StoreError(
        `The server of ${this.#options.location} is PostgreSQL ${serverName}: 14 or newer is needed`,
      );
    }
    if (things === 0) return 0;
    if (hasVersions !== 1) {
      throw new StoreError(
        `The schema ${this.#options.name} of ${this.#options.location} belongs to another program: ` +
          "name another one, as in ?schema=jobs",
      );
    }
    const { rows: [history] } = await connection.query(historyOf(this.#quoted));
    const { first, last, rows, mark, made_at: madeAt } = history!;
    if (mark !== null && !this.#options.marked) throw await this.#moved(connection);
    if (last !== null && last as number > this.newest) throw this.#tooNew(last as number);
    if (last === null || first !== 1 || rows !== last) throw this.#odd();
    this.#madeAt = madeAt as number;
    return last as number;
  }

  async #bringUpToDate(connection: Connection): Promise<void> {
    const quoted = this.#quoted;
    await connection.query("BEGIN");
    try {
      await connection.query(LOCK, [this.#options.name]);
      // Another program may have done it meanwhile.
      for (let version = await this.#versionOf(connection); version < this.newest; version++) {
        if (version === 0) {
          await this.#makeSchema(connection, quoted);
          await connection.query(
            `CREATE TABLE ${quoted}.migration (version BIGINT PRIMARY KEY, applied_at BIGINT NOT NULL)`,
          );
        }
        await connection.query(
          `INSERT INTO ${quoted}.migration VALUES ($1, floor(extract(epoch FROM now()) * 1000)::bigint)`,
          [version + 1],
        );
        await connection.query(this.preamble.place);
        await connection.script(MIGRATIONS[version]!.replaceAll("@schema@", quoted));
      }
      await this.#versionOf(connection);
      await connection.query("COMMIT");
    } catch (error) {
      await connection.query("ROLLBACK").catch(() => {});
      throw error;
    }
  }

  /** Not by `IF NOT EXISTS`: that needs the right to make schemas also where an administrator has made it. */
  async #makeSchema(connection: Connection, quoted: string): Promise<void> {
    const { location, name } = this.#options;
    const { rows: [place] } = await connection.query(PLACE, [name]);
    if (place!.is_open === 1) {
      // By a function of the right name anybody could do as whoever uses the store.
      throw new StoreError(
        `Everybody who can log in may make things in the schema ${name} of ${location}, and so run ` +
          "commands: name another schema, as in ?schema=jobs",
      );
    }
    if (place!.is_there === 1) return;
    if (place!.may_make === 0) {
      const own = quoteName(place!.own as string);
      throw new StoreError(
        `The user ${
          place!.own
        } may not make the schema of ${location}: let an administrator of the database ` +
          `do it, by CREATE SCHEMA ${quoted} AUTHORIZATION ${own}`,
      );
    }
    await connection.query(`CREATE SCHEMA ${quoted}`);
  }

  async #moved(connection: Pick<Connection, "query">): Promise<StoreError> {
    const sql = `SELECT value FROM ${this.#quoted}.setting WHERE key = $1`;
    const { rows } = await connection.query(sql, [MARK_KEY]);
    return movedError(
      this.#options.location,
      markFromText((rows[0]?.value ?? null) as string | null),
    );
  }

  #missing(): MissingStoreError {
    return new MissingStoreError(
      `There is no store at ${this.#options.location} yet: "queuectl enqueue" makes one`,
    );
  }

  #tooNew(version: number): NewerStoreError {
    return new NewerStoreError(
      `The store ${this.#options.location} was made or updated by a newer queuectl (schema ${version}, ` +
        `this program knows ${this.newest}): update queuectl`,
    );
  }

  #odd(): StoreError {
    return new StoreError(
      `The store ${this.#options.location} does not say which version it has: restore it from a backup`,
    );
  }
}
