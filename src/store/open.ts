/**
 * From `--db` to a store: the one place that knows which adapters there are.
 *
 * @module
 */

import { type StoreError, UsageError } from "../errors.ts";
import type { Check, ExamineOptions } from "./examination.ts";
import type { Store } from "./store.ts";
import { importLater } from "../lazy.ts";

/** What a command wants of a store. */
export interface OpenOptions {
  /** Make it if it is missing; without it, a missing store is an error that names it. */
  readonly create: boolean;
  /** Change nothing at all: a store of an older version is refused, not brought up to date. */
  readonly readOnly?: boolean;
  /** The longest wait for other readers and writers, milliseconds; the adapter's own if absent. */
  readonly patience?: number;
}

/**
 * Opens a store.
 *
 * @param address an absolute path, or a URL
 * @throws {StoreError} if it cannot be used
 */
export async function openStore(address: string, options: OpenOptions): Promise<Store> {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1];
  if (scheme !== undefined) {
    throw new UsageError(
      `Stores of the kind ${scheme}:// do not work in this version: give a path`,
    );
  }
  const { SqliteStore } = await import("./sqlite/sqlite_store.ts");
  return await SqliteStore.open(address, options);
}

/**
 * Looks at a store that cannot be opened; nothing is changed.
 *
 * @param error what opening it has thrown
 */
export async function* diagnoseStore(
  address: string,
  error: StoreError,
  options: Pick<ExamineOptions, "command">,
): AsyncGenerator<Check> {
  const { diagnose } = await importLater<typeof import("./sqlite/diagnose.ts")>(
    "store/sqlite/diagnose",
  );
  yield* diagnose(address, error, options);
}
