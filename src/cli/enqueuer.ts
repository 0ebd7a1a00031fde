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
import type { Enqueued, IfExists, Store } from "../store/store.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { placeOf, type ValidJob } from "./job_request.ts";

/** How jobs are to be enqueued. */
export interface EnqueueOptions {
  /** They wait until somebody releases them. */
  readonly held?: boolean;
  /** What to do about a unique key that is taken; `fail` if absent. */
  readonly ifExists?: IfExists;
}

/** Enqueues the jobs of one list, batch by batch. */
export class Enqueuer {
  readonly #store: Store;
  readonly #defaults: SpecDefaults;
  readonly #parents: readonly Parent[] | null;
  readonly #options: Required<EnqueueOptions>;
  /** The store sees to this within a batch, for later ones it is done here. */
  readonly #holders = new Map<string, string>();
  #done = 0;

  private constructor(
    store: Store,
    defaults: SpecDefaults,
    parents: readonly Parent[] | null,
    options: Required<EnqueueOptions>,
  ) {
    this.#store = store;
    this.#defaults = defaults;
    this.#parents = parents;
    this.#options = options;
  }

  /**
   * Learns how the jobs are to be resolved.
   *
   * @param after the parents of all jobs, by parts of their ids; null if each says for itself
   * @throws {NotFoundError} if there is no such parent
   */
  static async open(
    store: Store,
    after: readonly Parent[] | null,
    { held = false, ifExists = "fail" }: EnqueueOptions,
    { cwd }: Pick<Context, "cwd">,
  ): Promise<Enqueuer> {
    const defaults = specDefaults(resolveConfig(await store.settings()), cwd);
    const parents = after && await resolveParents(store, after);
    return new Enqueuer(store, defaults, parents, { held, ifExists });
  }

  /**
   * Enqueues the next jobs, all or none.
   *
   * @throws {ConflictError} if an id or a unique key is taken
   * @throws {NotFoundError} if there is no such parent
   */
  async enqueue(written: readonly ValidJob[]): Promise<Enqueued[]> {
    const { held, ifExists } = this.#options;
    const jobs = written.map(({ spec }) => {
      const job = resolveSpec(spec, this.#defaults, uuidv7);
      const after = withHolders(this.#parents ?? job.after, this.#holders);
      // In place: a copy of each of 50,000 jobs is memory that is not needed.
      return Object.assign(job, { held, after });
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
    error.message = `${written[index]?.where ?? ""}${error.message}`;
    if (error instanceof UniqueKeyTakenError) {
      error.message += this.#options.ifExists === "replace"
        ? ": only a job that waits can be replaced"
        : "; to get that job, or to replace it while it waits: --if-exists return or replace";
    }
    if (this.#done > 0) {
      const from = placeOf(written[0]!.where);
      error.message += `; ${this.#done} jobs are enqueued, go on from ${from}`;
    }
    return error;
  }
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

/** The job that is meant; null if none is. */
function idOf(error: unknown): string | null {
  return error instanceof IdTakenError || error instanceof UniqueKeyTakenError ||
      error instanceof UnknownParentError || error instanceof CircleError
    ? error.id
    : null;
}
