/**
 * Enqueues a list of jobs that is too long to be held at once: {@link surveyJobs} in `job_survey.ts` has
 * looked through it. Whatever is at hand, one job above all, goes by `enqueue_jobs.ts`, which is less code
 * to load; the rules are the same, and {@link Enqueuer} serves both.
 *
 * @module
 */

import { jobToJson } from "../job/json.ts";
import type { Enqueued, Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import { Enqueuer, refuseUnknownParents } from "../intake/enqueuer.ts";
import { batchesOf, type LargeRequest } from "../intake/job_survey.ts";
import { type EnqueueFlags, enqueuingBar, optionsOf } from "./enqueue_jobs.ts";
import { writeJsonArray } from "./json_array.ts";

/**
 * Enqueues the jobs in transactions of 50,000, each read from the file as it is written, and
 * prints them when all are in. Of those that are in only the ids are kept, about 40 bytes each.
 *
 * @returns how many were there already
 * @throws {ConflictError} if an id or a unique key is taken
 * @throws {NotFoundError} if there is no such parent
 */
export async function enqueueLarge(
  store: Store,
  request: LargeRequest,
  flags: EnqueueFlags,
  context: Context,
): Promise<number> {
  const { count, first, ids, waiting, parentsByPart } = request;
  const after = parentsByPart ? first.after ?? [] : null;
  const enqueuer = await Enqueuer.open(store, await optionsOf(store, after, flags, context));
  if (!parentsByPart) {
    const located = waiting.map((job) => ({ ...job, where: `Line ${job.line}: ` }));
    await refuseUnknownParents(store, located, ids);
  }
  const printed: string[] = [];
  let [done, old] = [0, 0];
  await using bar = await enqueuingBar(count, context);
  for (const batch of batchesOf(request)) {
    const enqueued: Enqueued[] = await enqueuer.enqueue(batch);
    // One text, since a million short ones are a burden for the garbage collector.
    printed.push(enqueued.map(({ id }) => `${id}\n`).join(""));
    old += enqueued.filter(({ isNew }) => !isNew).length;
    bar?.update(done += enqueued.length);
  }
  if (context.json) await writeJsonArray(context.stdout, storedJobs(store, printed));
  else for (const lines of printed) await context.stdout.write(lines);
  return old;
}

async function* storedJobs(store: Store, printed: readonly string[]): AsyncGenerator<unknown> {
  for (const lines of printed) {
    for (const id of lines.split("\n").slice(0, -1)) {
      const job = await store.job(id);
      // A worker may have been fast, and somebody may have deleted it since.
      if (job) yield jobToJson(job);
    }
  }
}
