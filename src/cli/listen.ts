/**
 * `worker start --listen`. What serves it is loaded only then.
 *
 * @module
 */

import { importLater } from "../lazy.ts";
import type { Store } from "../store/store.ts";
import type { WorkerSources } from "../observe/worker_metrics.ts";
import type { ListenAddress } from "../web/listen_address.ts";
import type { Context } from "./context.ts";
import { tokenOfEnvironment } from "./dashboard_token.ts";

/** What a worker is watched by. */
export type WatchedWorker = WorkerSources & { readonly store: Store };

/** Of two singletons the one that goes has gone after so long, milliseconds, and nothing need be said. */
const PATIENCE = 5000;

/**
 * Answers for a worker until it is disposed of; its events tell where.
 *
 * @param singleton another one that goes, or hangs, may still have the address
 * @throws {UsageError} if it cannot listen there, or others could ask without a token
 */
export async function watchWorker(
  worker: WatchedWorker,
  { address, singleton }: { readonly address: ListenAddress; readonly singleton: boolean },
  context: Context,
): Promise<AsyncDisposable> {
  const { serveWorker } = await load();
  const patience = singleton ? PATIENCE : null;
  return serveWorker(worker, { address, token: tokenOfEnvironment(context), patience });
}

/**
 * An address that is free now, for a worker in the background: a port 0 becomes a number.
 *
 * @throws {UsageError} as {@link watchWorker}
 */
export async function reserveAddress(
  { address, singleton }: { readonly address: ListenAddress; readonly singleton: boolean },
  context: Context,
): Promise<ListenAddress> {
  const { reserve } = await load();
  return await reserve(address, tokenOfEnvironment(context), singleton);
}

function load() {
  return importLater<typeof import("../web/listen.ts")>("web/listen");
}
