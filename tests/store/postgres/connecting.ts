/**
 * Connections to the PostgreSQL of the tests.
 *
 * @module
 */

import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import {
  type Connection,
  Connections,
  type ConnectionsOptions,
} from "../../../src/store/postgres/connections.ts";
import type { Proxy } from "../../helpers/proxy.ts";
import { testServer } from "../../toolchain/postgres.ts";

/** Connections to the server of the tests, over a network if one is given. */
export async function connect(
  { network, ...options }: ConnectionsOptions & { readonly network?: Proxy } = {},
): Promise<Connections> {
  const url = await testServer();
  // To connect may take long on a busy machine, also where silence is not to.
  const address = {
    ...parseAddress(network === undefined ? url : network.through(url)),
    connectTimeout: 10_000,
  };
  return await Connections.open(address, options);
}

/** A number that no other test takes. */
export function newLock(): number {
  return Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
}

/** Whether a session of the server holds an advisory lock, which has its upper half in `classid`. */
export async function isLocked(connection: Connection, lock: number): Promise<boolean> {
  const { rows } = await connection.query(
    `SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
      AND (classid::bigint << 32) + objid::bigint = $1`,
    [lock],
  );
  return rows.length > 0;
}

/** The process of the server that a connection has. */
export async function pidOf(connections: Connections): Promise<number> {
  const { rows } = await connections.use((connection) =>
    connection.query("SELECT pg_backend_pid() AS pid")
  );
  return rows[0]!.pid as number;
}

/** Has the server end one of its processes. */
export async function terminate(connections: Connections, pid: number): Promise<void> {
  await connections.use((connection) => connection.query("SELECT pg_terminate_backend($1)", [pid]));
}

/** That something is an error of the store, with such a message. */
export function isStoreError(message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreError, String(error));
    assert.match(error.message, message);
    assert.equal(error.exitCode, 5);
    return true;
  };
}
