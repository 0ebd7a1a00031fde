/**
 * From valid jobs to stored ones: what `enqueue` and `run` share. {@link readRequest} in
 * `job_request.ts` comes before it.
 *
 * @module
 */

import { type Enqueued, MAX_BATCH, type Store } from "../store/store.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { type EnqueueOptions, Enqueuer, refuseUnknownParents } from "../intake/enqueuer.ts";
import type { Parent } from "../job/job.ts";
import type { JobRequest } from "./job_request.ts";
import type { ProgressBar } from "./progress_bar.ts";
import { importLater } from "../lazy.ts";

/** What the command line says of how jobs are to be enqueued. */
export type EnqueueFlags = Pick<EnqueueOptions, "held" | "ifExists">;

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
  flags: EnqueueFlags,
  context: Context,
): Promise<Enqueued[]> {
  const after = parentsByPart ? jobs[0]?.spec.after ?? [] : null;
  const enqueuer = await Enqueuer.open(store, await optionsOf(store, after, flags, context));
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
 * How the command line says that jobs are to be enqueued.
 *
 * @param after the parents of all jobs, by parts of their ids; null if each says for itself
 * @throws {NotFoundError} if there is no such parent
 */
export async function optionsOf(
  store: Store,
  after: readonly Parent[] | null,
  { held = false, ifExists = "fail" }: EnqueueFlags,
  { cwd, env }: Pick<Context, "cwd" | "env">,
): Promise<EnqueueOptions> {
  const advice = "--if-exists return or replace";
  const parents = after && await resolveParents(store, after);
  const traceparent = traceOf(env);
  return { held, ifExists, after: parents, cwd, advice, traceparent };
}

/** The parents that `--after` names, which are the same for all jobs, by their full ids. */
async function resolveParents(store: Store, after: readonly Parent[]): Promise<readonly Parent[]> {
  const found = new Map<string, Parent>();
  for (const { id: part, on } of after) {
    const id = await store.resolve(part);
    if (found.has(id)) throw new CommandLineError(`--after names job ${id} twice`);
    found.set(id, { id, on });
  }
  return [...found.values()];
}

/** Between transactions only: one is over as a whole. Whoever enqueues one job does not load it. */
export async function enqueuingBar(total: number, context: Context): Promise<ProgressBar | null> {
  if (total <= MAX_BATCH) return null;
  const { progressBar } = await importLater<typeof import("./progress_bar.ts")>("cli/progress_bar");
  return progressBar(context, { label: "Enqueuing", total });
}

/** What is not even text is as if it were not there. */
function traceOf(env: Context["env"]): string | null {
  try {
    return env("TRACEPARENT") ?? null;
  } catch {
    return null;
  }
}
