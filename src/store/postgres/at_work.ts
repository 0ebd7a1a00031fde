/**
 * Whether the server is at work on a statement for which it is silent.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { sqlState, TOO_MANY_CONNECTIONS } from "./failure.ts";
import { openClient } from "./opening.ts";
import type { Result } from "./driver.ts";

/** It is not at work if it waits for what this program sends, or for it to take what it has sent. */
const IS_AT_WORK = `SELECT FROM pg_stat_activity WHERE pid = $1
  AND state IN ('active', 'fastpath function call') AND wait_event_type IS DISTINCT FROM 'Client'`;

/**
 * Asks on another connection whether a process of the server works on a statement or waits for a lock. No is also
 * the answer if there is none.
 *
 * @param patience milliseconds to connect, and as many for the answer
 */
export async function isAtWork(address: Address, pid: number, patience: number): Promise<boolean> {
  try {
    const client = await openClient({ ...address, connectTimeout: null }, patience);
    const { stream } = client.connection;
    const timer = setTimeout(() => stream.destroy(), patience);
    try {
      const { rows } = await client.query({ text: IS_AT_WORK, values: [pid] }) as Result;
      return rows.length > 0;
    } finally {
      clearTimeout(timer);
      stream.destroy();
    }
  } catch (error) {
    // A server that lets nobody in any more answers still.
    return sqlState(error) === TOO_MANY_CONNECTIONS;
  }
}
