/**
 * Where the stores of tests of commands are: in files, or, with `QUEUECTL_TEST_STORES=postgres`, on the server of the
 * tests.
 *
 * @module
 */

import type { Store } from "../../src/store/store.ts";
import { STORES_VARIABLE } from "../flows/stage_store.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { openSqlite } from "../store/open_sqlite.ts";

/** How a store is opened: by the clock of the test. */
interface Opening {
  readonly create: boolean;
  readonly readOnly?: boolean;
  readonly marked?: boolean;
  readonly patience?: number;
  readonly surroundings: { readonly now: () => number };
}

/** A place for a store. */
export interface Home extends AsyncDisposable {
  /** What `--db` takes. */
  readonly address: string;
  /** The address as it is shown. */
  readonly location: string;
  /** A directory of its own. */
  readonly directory: string;
  /** Opens this store, or one in a file. */
  open(address: string, opening: Opening): Promise<Store>;
}

/** Makes a place in which there is no store yet. */
export async function newHome(): Promise<Home> {
  const stack = new AsyncDisposableStack();
  const temp = stack.use(await tempDir());
  const isFile = Deno.env.get(STORES_VARIABLE) !== "postgres";
  return {
    ...isFile ? atPath(temp.join("queue.db")) : await inSchema(stack),
    directory: temp.path,
    open: (address, opening) =>
      address.startsWith("postgres:")
        ? openPostgres(address, opening)
        : openSqlite(address, opening),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

type Place = Pick<Home, "address" | "location">;

function atPath(path: string): Place {
  return { address: path, location: path };
}

async function inSchema(stack: AsyncDisposableStack): Promise<Place> {
  const { TestSchema } = await import("../toolchain/postgres_session.ts");
  const { parseAddress } = await import("../../src/store/postgres/address.ts");
  const { url, location } = parseAddress(stack.use(await TestSchema.named()).url);
  return { address: url, location };
}

async function openPostgres(address: string, opening: Opening): Promise<Store> {
  const { SqlStore } = await import("../../src/store/sql/sql_store.ts");
  const { PostgresEngine } = await import("../../src/store/postgres/postgres_engine.ts");
  return new SqlStore(await PostgresEngine.open(address, opening));
}
