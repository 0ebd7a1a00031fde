/**
 * Waiting for the locks that others hold on a store file.
 *
 * @module
 */

import { StoreLockedError } from "../../errors.ts";
import { isLocked } from "./failure.ts";
import { importLater } from "../../lazy.ts";

/** SQLite waits so long, blocking the thread, for a writer that has no turnstile; milliseconds. */
export const BUSY_TIMEOUT = 100;

/**
 * Runs `work` again while another program holds a lock that it needs. SQLite's own busy wait blocks
 * heartbeats and signals, so most of the waiting is done out here.
 */
export async function persist<T>(patience: number, work: () => T): Promise<T> {
  const deadline = performance.now() + patience;
  while (true) {
    try {
      return work();
    } catch (error) {
      if (!isLocked(error) || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, BUSY_TIMEOUT));
  }
}

/** A lock that was waited for in vain becomes an error that names its holder; other errors stay. */
export async function namingHolder(error: unknown, path: string): Promise<unknown> {
  if (!isLocked(error) && !(error instanceof StoreLockedError)) return error;
  const { storeLocked } = await importLater<typeof import("./lock_holder.ts")>(
    "store/sqlite/lock_holder",
  );
  return storeLocked(path, error);
}
