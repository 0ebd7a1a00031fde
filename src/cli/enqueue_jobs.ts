/**
 * From valid jobs to stored ones: what `enqueue` and `run` share. {@link readRequest} in
 * `job_request.ts` comes before it.
 *
 * @module
 */

import { uuidv7 } from "uuidv7";
import { resolveConfig } from "../config.ts";
import {
  CircleError,
  IdTakenError,
  QueuectlError,
  UniqueKeyTakenError,
  UnknownParentError,
} from "../errors.ts";
import type { NewJob, Parent } from "../job/job.ts";
import { withHolders } from "../job/parents.ts";
import { resolveSpec } from "../job/spec.ts";
import { specDefaults } from "../spec_defaults.ts";
import { type Enqueued, type IfExists, MAX_BATCH, type Store } from "../store/store.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import type { ProgressBar } from "./progress_bar.ts";
import { type JobRequest, placeOf, type ValidJob } from "./job_request.ts";

/** How jobs are to be enqueued. */
export interface EnqueueOptions {
  /** They wait until somebody releases them. */
  readonly held?: boolean;
  /** What to do about a unique key that is taken; `fail` if absent. */
  readonly ifExists?: IfExists;
}

/**
 * Enqueues jobs, resolved against the config: all or none, as far as one transaction can hold them.
 *
 * @returns for each job, in order, what became of it
 * @throws {ConflictError} if an id or a unique key is taken
 * @throws {NotFoundError} if there is no such parent
 */
export async function enqueueJobs(
  store: Store,
  request: JobRequest,
  { held = false, ifExists = "fail" }: EnqueueOptions,
  context: Context,
): Promise<Enqueued[]> {
  const defaults = specDefaults(resolveConfig(await store.settings()), context.cwd);
  const parents = request.parentsByPart ? await resolveParents(store, request) : null;
  const jobs = request.jobs.map(({ spec }) => {
    const job = resolveSpec(spec, defaults, uuidv7);
    return { ...job, held, ...(parents === null ? {} : { after: parents }) };
  });
  const batches: Batches = { jobs, written: request.jobs, ifExists };
  await refuseUnknownParents(store, batches);
  return await enqueueInBatches(store, batches, context);
}

/** The parents that `--after` names, which are the same for all jobs, by their full ids. */
async function resolveParents(store: Store, { jobs }: JobRequest): Promise<readonly Parent[]> {
  const found = new Map<string, Parent>();
  for (const { id: part, on } of jobs[0]?.spec.after ?? []) {
    const id = await store.resolve(part);
    if (found.has(id)) throw new CommandLineError(`--after names job ${id} twice`);
    found.set(id, { id, on });
  }
  return [...found.values()];
}

/** Jobs on their way into the store. */
interface Batches {
  readonly jobs: readonly NewJob[];
  readonly written: readonly ValidJob[];
  readonly ifExists: IfExists;
}

/** The store finds an unknown parent itself, but in a list of several batches that may be too late. */
async function refuseUnknownParents(store: Store, { jobs, written }: Batches): Promise<void> {
  if (jobs.length <= MAX_BATCH) return;
  const known = new Set(jobs.map(({ id }) => id));
  for (const [index, { id, after }] of jobs.entries()) {
    for (const parent of after) {
      if (known.has(parent.id)) continue;
      if (await store.job(parent.id) === null) {
        const error = new UnknownParentError(id, parent.id);
        error.message = `${written[index]!.where}${error.message}`;
        throw error;
      }
      known.add(parent.id);
    }
  }
}

async function enqueueInBatches(
  store: Store,
  batches: Batches,
  context: Context,
): Promise<Enqueued[]> {
  const enqueued: Enqueued[] = [];
  // The store sees to this within a batch, for later ones it is done here.
  const holders = new Map<string, string>();
  await using bar = await barFor(batches.jobs.length, context);
  for (let from = 0; from < batches.jobs.length; from += MAX_BATCH) {
    const batch = batches.jobs.slice(from, from + MAX_BATCH)
      .map((job) => ({ ...job, after: withHolders(job.after, holders) }));
    try {
      for (const [i, one] of (await store.enqueue(batch, batches.ifExists)).entries()) {
        enqueued.push(one);
        if (!one.isNew) holders.set(batch[i]!.id, one.id);
      }
    } catch (error) {
      throw located(error, from, batches);
    }
    bar?.update(enqueued.length);
  }
  return enqueued;
}

/** Between transactions only: one is over as a whole. Whoever enqueues one job does not load it. */
async function barFor(total: number, context: Context): Promise<ProgressBar | null> {
  if (total <= MAX_BATCH) return null;
  const { progressBar } = await import("./progress_bar.ts");
  return progressBar(context, { label: "Enqueuing", total });
}

/** Says which line is meant, what to do, and how far the input came. */
function located(error: unknown, from: number, { jobs, written, ifExists }: Batches): unknown {
  if (!(error instanceof QueuectlError)) return error;
  if (
    error instanceof IdTakenError || error instanceof UniqueKeyTakenError ||
    error instanceof UnknownParentError || error instanceof CircleError
  ) {
    const index = jobs.findIndex((job) => job.id === error.id);
    error.message = `${written[index]?.where ?? ""}${error.message}`;
  }
  if (error instanceof UniqueKeyTakenError) {
    error.message += ifExists === "replace"
      ? ": only a job that waits can be replaced"
      : "; to get that job, or to replace it while it waits: --if-exists return or replace";
  }
  if (from > 0) {
    error.message += `; ${from} jobs are enqueued, go on from ${placeOf(written[from]!.where)}`;
  }
  return error;
}
