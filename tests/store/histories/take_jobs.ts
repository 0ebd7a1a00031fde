/**
 * Histories: what users do to jobs that are there, and to queues.
 *
 * @module
 */

import { NotFoundError } from "../../../src/errors.ts";
import {
  FINAL_STATES,
  sourcesOf,
  type State,
  STATES,
  WAITING_STATES,
} from "../../../src/job/state.ts";
import type { Store } from "../../../src/store/store.ts";
import { assertSame } from "./compare.ts";
import { Refusal } from "./model.ts";
import type { Modelled } from "./modelled.ts";
import type { Of } from "./steps.ts";
import type { Taker, Tale } from "./tale.ts";
import { whenOf } from "./take_enqueue.ts";

type Kind =
  | "cancel"
  | "retry"
  | "release"
  | "remove"
  | "edit"
  | "retryAll"
  | "removeEnded"
  | "configureQueue";

/** How each of these steps is taken. */
export const JOB_TAKERS: { readonly [K in Kind]: Taker<K> } = {
  cancel: onJob(async (tale, job, _, store) => {
    const { id } = job.job;
    const cancel = () => tale.model.cancel(job);
    const result = await tale.both("cancel", cancel, () => store.cancel(id));
    if (result) assertSame(result.actual, result.expected);
    if (result) tale.tally.event(`cancel ${result.expected}`);
  }),

  retry: onJob(async (tale, chosen, { from, isBlamed, pick }, store) => {
    const { jobs } = tale.model;
    const blamed = jobs.all.filter(({ job }) =>
      isBlamed && jobs.all.some(({ cancelledBy }) => cancelledBy === job.id)
    );
    const job = blamed[pick % blamed.length] ?? chosen;
    const { id } = job.job;
    await tale.both("retry", () => tale.model.retry(job, from), () => store.retry(id, from));
  }),

  release: onJob(async (tale, job, _, store) => {
    const { id } = job.job;
    const release = () => tale.model.release(job);
    const result = await tale.both("release", release, () => store.release(id));
    if (result) assertSame(result.actual, result.expected);
  }),

  remove: onJob(async (tale, job, { from }, store) => {
    const { id } = job.job;
    await tale.both("remove", () => tale.model.remove(job, from), () => store.remove(id, from));
  }),

  edit: onJob(async (tale, job, { changes: others, when }, store) => {
    const { id } = job.job;
    const changes = { ...others, ...whenOf(tale, when) };
    const result = await tale.both("edit", () => {
      tale.model.edit(job, changes);
      return job.job;
    }, () => store.edit(id, changes));
    if (result) assertSame(result.actual, result.expected);
  }),

  async retryAll(tale, { state }, store) {
    const retryAll = () => tale.model.retryAll(state);
    const result = await tale.both("retryAll", retryAll, () => store.retryAll(state));
    if (result) assertSame(result.actual, result.expected);
  },

  async removeEnded(tale, { filter: { beforeIn, queue, states, limit } }, store) {
    const filter = {
      states,
      before: tale.model.now + beforeIn,
      ...queue === null ? {} : { queue },
    };
    const expected = tale.model.removeEnded(filter, limit ?? undefined);
    assertSame(await store.removeEnded(filter, limit ?? undefined), expected);
    if (expected > 0) tale.tally.event("removeEnded");
  },

  async configureQueue(tale, { queue, changes, create }, store) {
    const { queues } = tale.model;
    const result = await tale.both("configureQueue", () => {
      if (!queues.isKnown(queue) && !create) throw new Refusal(NotFoundError);
      queues.configure(queue, changes);
      return queues.infos().find((info) => info.queue === queue);
    }, () => store.configureQueue(queue, changes, { create }));
    if (result) assertSame(result.actual, result.expected);
  },
};

/** The states in which a step is allowed, but for what else is in its way. */
const APT = {
  cancel: [...WAITING_STATES, "processing"],
  retry: sourcesOf("retry"),
  release: sourcesOf("release"),
  remove: FINAL_STATES,
  edit: WAITING_STATES,
} satisfies Partial<Record<Kind, readonly State[]>>;

/** A step that is about one job; nobody takes it where there is none. */
function onJob<W extends Of<keyof typeof APT>>(
  take: (tale: Tale, job: Modelled, what: W, store: Store) => Promise<void>,
): (tale: Tale, what: W, store: Store) => Promise<void> {
  return async (tale, what, store) => {
    const job = tale.job(what.pick, what.apt ? APT[what.kind] : STATES);
    if (job) await take(tale, job, what, store);
  };
}
