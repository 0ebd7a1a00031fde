/**
 * The store of a flow in a schema of the PostgreSQL of the tests.
 *
 * @module
 */

import { parseAddress } from "../../src/store/postgres/address.ts";
import { storeDirectory } from "../../src/store/postgres/directory.ts";
import { channelOf } from "../../src/store/postgres/doorbell.ts";
import type { TempDir } from "../helpers/temp_dir.ts";
import { isConnectionOf, TestSchema } from "../toolchain/postgres_session.ts";
import type { StageStore } from "./stage_store.ts";

/** `gate` is what everybody locks who writes, as far as there is something to keep in order. */
const LOCK = "BEGIN; LOCK TABLE gate IN EXCLUSIVE MODE";

const WAITING = `SELECT client_port AS port FROM pg_stat_activity AS one
  JOIN pg_locks ON pg_locks.pid = one.pid AND NOT pg_locks.granted
  WHERE relation = 'gate'::regclass`;

const WRITERS = `SELECT client_port AS port FROM pg_stat_activity AS one
  JOIN pg_locks ON pg_locks.pid = one.pid AND pg_locks.granted
  WHERE relation = 'gate'::regclass AND mode IN ('RowExclusiveLock', 'ExclusiveLock')`;

/** The store of a flow with this home directory, in a schema that is there until the flow is over. */
export async function postgresStageStore(home: TempDir): Promise<StageStore> {
  const schema = await TestSchema.named();
  const address = parseAddress(schema.url);
  const env: Record<string, string> = {
    HOME: home.path,
    XDG_DATA_HOME: home.join(".local/share"),
  };
  const session = await schema.session();
  const hold = async (sql: string) => {
    const holder = await schema.session();
    await holder.script(sql);
    return holder;
  };
  const isAmong = async (pid: number, sql: string) => {
    const ports = (await session.ask(sql)).map((row) => Number(row.port));
    return isConnectionOf(pid, ports);
  };
  return {
    address: address.url,
    location: address.location,
    directory: storeDirectory(address, (variable) => env[variable]),
    variables: { QUEUECTL_DB: address.url },
    clientVariables: { PGPASSWORD: address.password ?? "" },
    endings: [],
    ask: (sql, ...values) => session.ask(sql, ...values),
    lock: async () => {
      const holder = await hold(LOCK);
      return {
        commit: (sql) => holder.script(`${sql}; COMMIT`),
        // What is not committed is undone.
        [Symbol.asyncDispose]: () => holder[Symbol.asyncDispose](),
      };
    },
    reader: () => schema.session(),
    takeTurn: () => hold(LOCK),
    holdJob: (id) => hold(`BEGIN; SELECT FROM job WHERE id = '${id}' FOR UPDATE`),
    isNext: (pid) => isAmong(pid, WAITING),
    isWriting: (pid) => isAmong(pid, WRITERS),
    ring: async (worker) => {
      await session.ask("SELECT pg_notify(?, '')", channelOf(schema.name, worker));
    },
    remove: () => session.script(`DROP SCHEMA ${schema.name} CASCADE`),
    logSize: () => 0,
    damage: () => Promise.resolve([]),
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]();
      await schema[Symbol.asyncDispose]();
    },
  };
}
