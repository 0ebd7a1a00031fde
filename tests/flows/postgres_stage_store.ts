/**
 * The store of a flow in a schema of the PostgreSQL of the tests.
 *
 * @module
 */

import { storeDirectory } from "../../src/store/postgres/directory.ts";
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
  const { hostname: host, port, pathname } = new URL(schema.url);
  const env: Record<string, string> = {
    HOME: home.path,
    XDG_DATA_HOME: home.join(".local/share"),
  };
  const name = { host, port: Number(port), database: pathname.slice(1), schema: schema.name };
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
    address: schema.url,
    directory: storeDirectory(name, (variable) => env[variable]),
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
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]();
      await schema[Symbol.asyncDispose]();
    },
  };
}
