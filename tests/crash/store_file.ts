/**
 * A flow's store as another program may use it: by its file, past queuectl.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { Stage } from "../flows/stage.ts";

/** The longest wait for a lock, milliseconds: the workers of a flow hold it for less. */
const BUSY_TIMEOUT = 5000;

function open(stage: Stage): DatabaseSync {
  const database = new DatabaseSync(stage.store);
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  return database;
}

/** SQLite's write lock. */
export interface StoreLock extends Disposable {
  /** Makes a change of its own, and lets the lock go. */
  commit(sql: string): void;
}

/** Takes SQLite's write lock, so that the store is away for all workers until the result is disposed. */
export function lockStore(stage: Stage): StoreLock {
  const database = open(stage);
  database.exec("BEGIN IMMEDIATE");
  return {
    commit: (sql) => database.exec(`${sql}; COMMIT`),
    // What is not committed is undone.
    [Symbol.dispose]: () => database.close(),
  };
}

/** Runs a statement; returns its rows. */
export function askStore(stage: Stage, sql: string, ...values: readonly (string | number)[]) {
  const database = open(stage);
  try {
    return database.prepare(sql).all(...values);
  } finally {
    database.close();
  }
}

/** How often the heart of a worker has beaten; null if the store does not know the worker. */
export function heartbeatOf(stage: Stage, pid: number): number | null {
  const [row] = askStore(stage, "SELECT heartbeat FROM worker WHERE pid = ?", pid);
  return row === undefined ? null : Number(row.heartbeat);
}

/** The idle launchers of a flow, by pid. */
export function launchersOf(stage: Stage): number[] {
  return [...stage.processes()].filter(([, line]) => line.includes("queuectl-launcher"))
    .map(([pid]) => pid);
}

/** The paths of the files in which launchers leave the status of their last command. */
export function statusFiles(stage: Stage): string[] {
  return [...Deno.readDirSync(`${stage.store}.d`)].map(({ name }) => `${stage.store}.d/${name}`)
    .filter((path) => path.endsWith(".status"));
}

/** Whether a launcher has written that a command ended with this status. */
export function hasStatus(stage: Stage, status: number): boolean {
  return statusFiles(stage).some((path) =>
    Deno.readTextFileSync(path).split("\n")[0]!.endsWith(` ${status}`)
  );
}
