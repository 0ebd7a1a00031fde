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
  /** Let in where the store is being moved to another one, or was; see `Store.relocation`. */
  readonly marked?: boolean;
  /** The longest wait for other readers and writers, milliseconds; the adapter's own if absent. */
  readonly patience?: number;
}

/** What a store in a file does without. */
const later = {
  address: () => importLater<typeof import("./postgres/address.ts")>("store/postgres/address"),
  diagnose: () => importLater<typeof import("./postgres/diagnose.ts")>("store/postgres/diagnose"),
  engine: () =>
    importLater<typeof import("./postgres/postgres_engine.ts")>("store/postgres/postgres_engine"),
};

/**
 * Opens a store.
 *
 * @param address an absolute path, or a URL
 * @throws {StoreError} if it cannot be used
 */
export async function openStore(address: string, options: OpenOptions): Promise<Store> {
  if (isPostgres(address)) {
    const [{ SqlStore }, { PostgresEngine }] = await Promise.all([
      import("./sql/sql_store.ts"),
      later.engine(),
    ]);
    return new SqlStore(await PostgresEngine.open(address, options));
  }
  const scheme = schemeOf(address);
  if (scheme !== null) {
    throw new UsageError(
      `There are no stores of the kind ${scheme}://: give a path, or postgres://USER@HOST/DATABASE`,
    );
  }
  const [{ SqlStore }, { SqliteEngine }] = await Promise.all([
    import("./sql/sql_store.ts"),
    import("./sqlite/sqlite_engine.ts"),
  ]);
  return new SqlStore(await SqliteEngine.open(address, options));
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
  if (isPostgres(address)) {
    const { diagnose } = await later.diagnose();
    yield diagnose(error, options);
    return;
  }
  const { diagnose } = await importLater<typeof import("./sqlite/diagnose.ts")>(
    "store/sqlite/diagnose",
  );
  yield* diagnose(address, error, options);
}

/** An address as it may be shown to anybody: without what is secret in it. */
export async function showAddress(address: string): Promise<string> {
  if (!isPostgres(address)) return address;
  const { shownAddress } = await later.address();
  return shownAddress(address);
}

function isPostgres(address: string): boolean {
  return /^postgres(?:ql)?$/i.test(schemeOf(address) ?? "");
}

/** Of a URL; null for a path. */
function schemeOf(address: string): string | null {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(address)?.[1] ?? null;
}
