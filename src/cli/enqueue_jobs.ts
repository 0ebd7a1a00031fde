/**
 * From valid jobs to stored ones: what `enqueue` and `run` share. {@link readRequest} in
 * `job_request.ts` comes before it.
 *
 * @module
 */

import { UnknownParentError } from "../errors.ts";
import { type Enqueued, MAX_BATCH, type Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import { type EnqueueOptions, Enqueuer } from "./enqueuer.ts";
import type { JobRequest } from "./job_request.ts";
import type { ProgressBar } from "./progress_bar.ts";

/**
 * Enqueues jobs, resolved against the config: all or none, as far as one transaction can hold them.
 *
 * @returns for each job, in order, what became of it
 * @throws {ConflictError} if an id or a unique key is taken
 * @throws {NotFoundError} if there is no such parent
 */
export async function enqueueJobs(
  store: Store,
  { jobs, parentsByPart }: JobRequest,
  options: EnqueueOptions,
  context: Context,
): Promise<Enqueued[]> {
  const after = parentsByPart ? jobs[0]?.spec.after ?? [] : null;
  const enqueuer = await Enqueuer.open(store, after, options, context);
  if (jobs.length > MAX_BATCH && !parentsByPart) {
    const ids = new Set(jobs.map(({ spec }) => spec.id));
    const waiting = jobs.flatMap(({ spec: { id, after }, where }) =>
      after === undefined ? [] : [{ id, where, after }]
    );
    await refuseUnknownParents(store, waiting, ids);
  }
  const enqueued: Enqueued[] = [];
  await using bar = await enqueuingBar(jobs.length, context);
  for (let from = 0; from < jobs.length; from += MAX_BATCH) {
    for (const one of await enqueuer.enqueue(jobs.slice(from, from + MAX_BATCH))) {
      enqueued.push(one);
    }
    bar?.update(enqueued.length);
  }
  return enqueued;
}

/**
 * The store finds an unknown parent itself, but in a list of several batches that may be too late.
 *
 * @param ids of the list
 * @throws {UnknownParentError} if there is one
 */
export async function refuseUnknownParents(
  store: Store,
  waiting: Iterable<{
    readonly id: string | undefined;
    readonly where: string;
    readonly after: readonly { readonly id: string }[];
  }>,
  ids: Pick<ReadonlySet<string | undefined>, "has">,
): Promise<void> {
  const known = new Set<string>();
  for (const { id = "", where, after } of waiting) {
    for (const parent of after) {
      if (ids.has(parent.id) || known.has(parent.id)) continue;
      if (await store.job(parent.id) === null) {
        const error = new UnknownParentError(id, parent.id);
        error.message = `${where}${error.message}`;
        throw error;
      }
      known.add(parent.id);
    }
  }
}

/** Between transactions only: one is over as a whole. Whoever enqueues one job does not load it. */
export async function enqueuingBar(total: number, context: Context): Promise<ProgressBar | null> {
  if (total <= MAX_BATCH) return null;
  const { progressBar } = await import("./progress_bar.ts");
  return progressBar(context, { label: "Enqueuing", total });
}
