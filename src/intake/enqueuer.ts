/**
 * Jobs on their way into a store, a transaction at a time.
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
import type { Parent } from "../job/job.ts";
import { withHolders } from "../job/parents.ts";
import { resolveSpec, type SpecDefaults } from "../job/spec.ts";
import { specDefaults } from "../spec_defaults.ts";
import { importLater } from "../lazy.ts";
import type { Enqueued, IfExists, Store } from "../store/store.ts";
import { atLine, numberOf, placeOf, type ValidJob } from "./valid_jobs.ts";

/** How jobs are to be enqueued. */
export interface EnqueueOptions {
  /** They wait until somebody releases them. */
  readonly held?: boolean;
  /** What to do about a unique key that is taken; `fail` if absent. */
  readonly ifExists?: IfExists;
  /** The parents of all jobs; null if each says for itself. */
  readonly after?: readonly Parent[] | null;
  /** The directory of jobs that name none, unless the store is shared; relative ones start there. */
  readonly cwd: string;
  /** How to say what is to be done about a taken unique key: `--if-exists return or replace`. */
  readonly advice: string;
  /**
   * The trace of whoever enqueues them, which they get as TRACEPARENT: one that is malformed is none, and a job
   * that has the variable keeps its own.
   */
  readonly traceparent?: string | null;
}

/** Enqueues the jobs of one list, batch by batch. */
export class Enqueuer {
  readonly #store: Store;
  readonly #defaults: SpecDefaults;
  readonly #options: Required<EnqueueOptions>;
  /** The store sees to this within a batch, for later ones it is done here. */
  readonly #holders = new Map<string, string>();
  #done = 0;

  private constructor(
    store: Store,
    defaults: SpecDefaults,
    options: Required<EnqueueOptions>,
  ) {
    this.#store = store;
    this.#defaults = defaults;
    this.#options = options;
  }

  /** Learns how the jobs are to be resolved. */
  static async open(
    store: Store,
    { held = false, ifExists = "fail", after = null, cwd, advice, traceparent = null }:
      EnqueueOptions,
  ): Promise<Enqueuer> {
    const place = { directory: cwd, isShared: store.isShared };
    const defaults = specDefaults(resolveConfig(await store.settings()), place);
    const trace = traceparent === null ? null : await plainTrace(traceparent);
    const options = { held, ifExists, after, cwd, advice };
    return new Enqueuer(store, defaults, { ...options, traceparent: trace });
  }

  /**
   * Enqueues the next jobs, all or none.
   *
   * @throws {ConflictError} if an id or a unique key is taken
   * @throws {NotFoundError} if there is no such parent
   */
  async enqueue(written: readonly ValidJob[]): Promise<Enqueued[]> {
    const { held, ifExists, after: parents, traceparent } = this.#options;
    const jobs = written.map(({ spec }) => {
      const job = resolveSpec(spec, this.#defaults, uuidv7);
      const after = withHolders(parents ?? job.after, this.#holders);
      // In place: a copy of each of 50,000 jobs is memory that is not needed.
      Object.assign(job, { held, after });
      if (traceparent === null) return job;
      return Object.assign(job, { env: { TRACEPARENT: traceparent, ...job.env } });
    });
    try {
      const enqueued = await this.#store.enqueue(jobs, ifExists);
      for (const [i, one] of enqueued.entries()) {
        if (!one.isNew) this.#holders.set(jobs[i]!.id, one.id);
      }
      this.#done += jobs.length;
      return enqueued;
    } catch (error) {
      throw this.#located(error, written, jobs.findIndex(({ id }) => id === idOf(error)));
    }
  }

  /** Says which line is meant, what to do, and how far the input came. */
  #located(error: unknown, written: readonly ValidJob[], index: number): unknown {
    if (!(error instanceof QueuectlError)) return error;
    const { ifExists, advice } = this.#options;
    const { where } = written[index] ?? { where: "" };
    error.message = `${where}${error.message}`;
    atLine(error, { line: numberOf(where) });
    if (error instanceof UniqueKeyTakenError) {
      error.message += ifExists === "replace"
        ? ": only a job that waits can be replaced"
        : `; to get that job, or to replace it while it waits: ${advice}`;
    }
    if (this.#done > 0) {
      const from = placeOf(written[0]!.where);
      error.message += `; ${this.#done} jobs are enqueued, go on from ${from}`;
    }
    return error;
  }
}

/** The job that is meant; null if none is. */
function idOf(error: unknown): string | null {
  return error instanceof IdTakenError || error instanceof UniqueKeyTakenError ||
      error instanceof UnknownParentError || error instanceof CircleError
    ? error.id
    : null;
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
        throw atLine(error, { line: numberOf(where) });
      }
      known.add(parent.id);
    }
  }
}

/** Few are part of a trace; the others do not load what reads one. */
async function plainTrace(text: string): Promise<string | null> {
  const { plainTraceparent } = await importLater<typeof import("../observe/traceparent.ts")>(
    "observe/traceparent",
  );
  return plainTraceparent(text);
}
