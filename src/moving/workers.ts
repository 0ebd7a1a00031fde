/**
 * Workers of a store that is to be moved: none may live, and what those have left that died is cleared away.
 *
 * @module
 */

import { resolveConfig } from "../config.ts";
import { ConflictError } from "../errors.ts";
import { isLost } from "../json/worker_json.ts";
import { countOf } from "../numbers.ts";
import type { Store } from "../store/store.ts";
import type { AttemptEnd } from "../store/tick.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { currentHost } from "../worker/host.ts";
import { quoteWord } from "../worker/quote.ts";
import { forgetRescued, rescue } from "../worker/rescue.ts";

/** Stands for the worker that settles what others have left; it never joins, so it is given no job. */
const NOBODY = "migrate";

/**
 * Makes sure that no worker lives, as far as can be told from here.
 *
 * @returns those that died
 * @throws {ConflictError} if any may live
 */
export async function refuseLiving(store: Store): Promise<string[]> {
  const host = currentHost();
  const workers = await store.workers();
  const living = workers.filter((worker) => !isLost(worker, host));
  if (living.length === 0) return workers.map(({ id }) => id);
  const names = living.slice(0, 3).map(({ id, host }) => `${id} on ${host}`).join(", ");
  throw new ConflictError(
    `${countOf(living.length, "worker")} of ${store.location} ${
      living.length === 1 ? "runs" : "run"
    } (${names}${living.length > 3 ? ", …" : ""}); to stop ${
      living.length === 1 ? "it" : "them"
    }: queuectl --db ${quoteWord(store.location)} worker stop`,
  );
}

/**
 * Does for workers of this host that died what the next worker would have done: ends what is left of their jobs, keeps
 * what those have written, and settles them (promise 5). A job that is to run again waits for that in the target.
 *
 * @returns the workers
 * @throws {ConflictError} as {@linkcode refuseLiving}
 */
export async function clearAway(store: Store): Promise<string[]> {
  const gone = await refuseLiving(store);
  const workers = (await store.workers()).filter(({ id }) => gone.includes(id));
  const { maxOutput } = resolveConfig(await store.settings());
  const spool = store.directory;
  for (const worker of workers) {
    const attempts = await store.attemptsOf(worker.id);
    const { identity: hostIdentity } = currentHost();
    const ended = await rescue(worker, "died", attempts, { hostIdentity, spool, maxOutput });
    const stale = await settle(store, worker, ended);
    // The files of the others belong to whoever has settled them.
    for (const attempt of attempts) {
      if (!stale.includes(attempt.token)) forgetRescued(attempt, spool);
    }
  }
  return gone;
}

/** The tokens of the attempts that somebody else has settled. */
async function settle(
  store: Store,
  { id }: WorkerInfo,
  ended: readonly AttemptEnd[],
): Promise<readonly string[]> {
  const { stale } = await store.tick({
    ...{ worker: NOBODY, draining: true, free: [], output: [], observed: new Map() },
    ended,
    buried: [id],
  });
  return stale;
}
