/**
 * Histories: what else a store can be asked.
 *
 * @module
 */

import type { JobFilter, Store } from "../../../src/store/store.ts";
import { idsOf } from "../scene.ts";
import { assertSame } from "./compare.ts";
import type { Model } from "./model.ts";
import { inOrder } from "./model_statistics.ts";
import type { Modelled } from "./modelled.ts";
import type { Taker } from "./tale.ts";

/** Everything that commands can read, of one job, one worker and one filter. */
export const takeLook: Taker<"look"> = async (tale, { pick, queues, states, queue }, store) => {
  const { model } = tale;
  const filter: JobFilter = {
    ...states === null ? {} : { states },
    ...queue === null ? {} : { queue },
  };
  const fitting = model.jobs.all.filter(({ job }) =>
    (states?.includes(job.state) ?? true) && (queue ?? job.queue) === job.queue
  ).reverse();
  assertSame(idsOf(await store.jobs(filter)), fitting.map(({ job }) => job.id));
  assertSame(await store.count(filter), fitting.length);
  const { jobs } = await store.page(filter, { limit: 3 });
  assertSame(jobs, fitting.slice(0, 3).map(({ job }) => job));
  await compareStatistics(model, store, queue);
  const job = tale.job(pick);
  const except = job?.job.id ?? null;
  const outstanding = model.outstanding(queues, 2000, except);
  assertSame(await store.outstanding(queues, 2000, except), outstanding);
  for (const { id } of tale.crew.present.slice(0, 1)) {
    const attempts = (await store.attemptsOf(id)).map(({ jobId, token, attempt }) =>
      `${jobId} ${token} ${attempt}`
    );
    const running = model.workers.running(id)
      .map(({ job, token, runs }) => `${job.id} ${token} ${runs}`);
    assertSame(attempts.sort(), running.sort());
  }
  if (job === undefined) return;
  const { id } = job.job;
  assertSame(await store.job(id), job.job);
  assertSame(await store.resolve(id), id);
  const { running, ...standing } = await store.standing(id);
  assertSame(standing, standingOf(model, job));
  assertSame(
    running.map((other) => other.id).sort(),
    model.jobs.in("processing").map((other) => other.job.id).sort(),
  );
  await compareOutput(job, store);
};

/** Compares what ended in the last hours, and ever. */
export async function compareStatistics(model: Model, store: Store, queue: string | null) {
  assertSame(inOrder(await store.totals()), model.statistics.totals());
  const [since, until] = [model.now - 3_600_000, model.now + 3_600_000];
  const { points, ...bounds } = await store.statistics(
    since,
    until,
    queue === null ? {} : { queue },
  );
  assertSame(
    inOrder(points),
    model.statistics.points(bounds.since, bounds.until, queue ?? undefined),
  );
}

/** Compares what a job's attempts have written. */
export async function compareOutput({ job, runs, output }: Modelled, store: Store): Promise<void> {
  for (let attempt = 1; attempt <= runs; attempt++) {
    const pieces = await store.output(job.id, attempt, 0);
    const decoder = new TextDecoder();
    assertSame(
      pieces.map(({ seq, bytes }) => ({ seq, text: decoder.decode(bytes) })),
      output.get(attempt) ?? [],
    );
  }
}

function standingOf(model: Model, { job, open }: Modelled) {
  const { queue, priority } = job;
  const pending = model.jobs.in("pending").filter((other) => other.job.queue === queue);
  const before = pending.findIndex((other) => other.job === job);
  const isAhead = (other: Modelled, index: number) =>
    other.job.priority > priority || (other.job.priority === priority && index < before);
  return {
    job,
    parents: model.jobs.all.filter((other) => open.has(other.job.id)).map((other) => ({
      id: other.job.id,
      on: job.after.find(({ id }) => id === other.job.id)!.on,
      state: other.job.state,
    })),
    queue: model.queues.infos().find((info) => info.queue === queue),
    rateOpensIn: model.queues.rateOpensIn(queue, model.now),
    ahead: job.state === "pending" ? pending.filter(isAhead).length : 0,
    workers: model.workers.infos(),
  };
}
