/**
 * Stores in PostgreSQL behind networks that fail all the time, one for each handle.
 *
 * @module
 */

import { StoreError } from "../../../src/errors.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import { Proxy } from "../../helpers/proxy.ts";
import type { Random } from "../../soak/random.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";
import type { PostgresVersion } from "../../toolchain/postgres_program.ts";
import type { Storage, StorageFactory } from "../scene.ts";

/** Milliseconds after which a handle gives a silent connection up. */
const PATIENCE = 800;

/** The first handle is safe, for those who look whether all is well. */
export function shakyStorage(random: Random, version: PostgresVersion): StorageFactory {
  return async ({ isShortLived: _, ...surroundings }): Promise<Storage> => {
    await using stack = new AsyncDisposableStack();
    const schema = stack.use(await TestSchema.named(version));
    const open = async (url: string) =>
      new SqlStore(
        await PostgresEngine.open(url, { create: true, surroundings, patience: PATIENCE }),
      );
    const proxies: Proxy[] = [];
    let isFirst = true;
    let timer = setTimeout(fail, 0);
    function fail() {
      const proxy = random.pick(proxies);
      if (proxy !== undefined) breakDown(proxy, random);
      timer = setTimeout(fail, random.between(100, 500));
    }
    const all = stack.move();
    return {
      open: async () => {
        const wasFirst = isFirst;
        isFirst = false;
        if (wasFirst) return await open(schema.url);
        const proxy = Proxy.before(schema.url);
        all.defer(() => proxy[Symbol.asyncDispose]());
        const store = await again(() => open(proxy.through(schema.url)));
        proxies.push(proxy);
        return store;
      },
      [Symbol.asyncDispose]: async () => {
        clearTimeout(timer);
        await all.disposeAsync();
      },
    };
  };
}

/** Does it until the store can be used. */
export async function again<T>(work: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }
}

function breakDown(proxy: Proxy, random: Random): void {
  const kind = random.between(1, 10);
  if (kind <= 7) return proxy.cut();
  // Long after whoever has sent it has given up.
  if (kind <= 9) proxy.treat({ kind: "late", milliseconds: random.between(50, 3000) }, "there");
  else proxy.treat({ kind: "swallow" });
  setTimeout(() => proxy.treat({ kind: "pass" }), random.between(1, 30));
}
