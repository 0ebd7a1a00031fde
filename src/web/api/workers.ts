/**
 * Routes about workers.
 *
 * @module
 */

import * as v from "valibot";
import { ConflictError, NotFoundError } from "../../errors.ts";
import { formatTime } from "../../job/time.ts";
import { isLost, type WorkerJson, workerToJson } from "../../json/worker_json.ts";
import { quote } from "../../quote.ts";
import type { RunningJob } from "../../store/statistics.ts";
import type { Store } from "../../store/store.ts";
import type { WorkerInfo } from "../../store/workers.ts";
import { currentHost } from "../../worker/host.ts";
import { defineRoute, type Route } from "./route.ts";
import { BUSY_WORKER } from "./schemas.ts";

/** So many running jobs are told of, over all workers. */
const MOST_RUNNING = 1000;

const MOST_SLOTS = 1024;

/** What a worker runs. */
export interface RunningJobJson {
  id: string;
  command: string;
  queue: string;
  attempt: number;
  started_at: string;
  progress: { percent: number; message: string | null } | null;
}

/** A worker, and what it runs. */
export interface BusyWorkerJson extends WorkerJson {
  jobs: readonly RunningJobJson[];
}

const WORKER_RESPONSE = { content: { "application/json": BUSY_WORKER } };

const ID = { params: { id: v.string() }, words: { id: "The whole id of the worker" } };

const listWorkers = defineRoute({
  method: "GET",
  path: "/api/workers",
  name: "listWorkers",
  tag: "workers",
  summary: "List workers and what they run",
  description:
    "As `queuectl worker list --json`, with the jobs that each one runs; of all together the " +
    `${MOST_RUNNING} oldest.`,
  writes: false,
  responses: {
    200: { description: "Workers", content: { "application/json": v.array(BUSY_WORKER) } },
  },
  async handle({ store }) {
    const workers = await store.workers();
    return { status: 200, json: await toJson(store, workers) };
  },
});

const stopWorker = defineRoute({
  method: "POST",
  path: "/api/workers/{id}/stop",
  name: "stopWorker",
  tag: "workers",
  summary: "Ask a worker to stop",
  description:
    "It claims no more, finishes what runs, and ends; with `now` it ends the running jobs and " +
    "hands them back. The answer does not wait for that.",
  writes: true,
  ...ID,
  body: {
    kind: "fields",
    fields: { now: v.optional(v.boolean("must be true or false")) },
    example: { now: false },
  },
  responses: { 202: { description: "It was asked", ...WORKER_RESPONSE } },
  errors: [400, 404, 409],
  async handle({ store, params: { id }, body }) {
    const worker = await findLiving(store, id);
    await store.requestStop([worker.id], body.now ? "now" : "drain");
    return { status: 202, json: (await toJson(store, [worker]))[0] };
  },
});

const SLOTS = `must be an integer from 1 to ${MOST_SLOTS}`;

const scaleWorker = defineRoute({
  method: "POST",
  path: "/api/workers/{id}/scale",
  name: "scaleWorker",
  tag: "workers",
  summary: "Ask a worker to have so many slots",
  description:
    "With fewer slots no job is ended: a slot that is too many goes when its job has ended. The " +
    "answer does not wait for new slots.",
  writes: true,
  ...ID,
  body: {
    kind: "fields",
    fields: {
      slots: v.pipe(
        v.number(SLOTS),
        v.safeInteger(SLOTS),
        v.minValue(1, SLOTS),
        v.maxValue(MOST_SLOTS, SLOTS),
      ),
    },
    example: { slots: 8 },
  },
  responses: { 202: { description: "It was asked", ...WORKER_RESPONSE } },
  errors: [400, 404, 409],
  async handle({ store, params: { id }, body }) {
    const worker = await findLiving(store, id);
    if (worker.state === "draining") throw new ConflictError(`${id} is stopping`);
    await store.requestSlots([worker.id], body.slots);
    return { status: 202, json: (await toJson(store, [worker]))[0] };
  },
});

/**
 * The worker with exactly this id, which can be asked for something.
 *
 * @throws {NotFoundError} if there is none
 * @throws {ConflictError} if it has died
 */
async function findLiving(store: Store, id: string): Promise<WorkerInfo> {
  const worker = (await store.workers()).find((worker) => worker.id === id);
  if (worker === undefined) {
    throw new NotFoundError(`There is no worker ${quote(id)}: GET /api/workers lists them`);
  }
  if (isLost(worker, currentHost())) {
    throw new ConflictError(`${id} has died already; the next worker takes over its jobs`);
  }
  return worker;
}

async function toJson(store: Store, workers: readonly WorkerInfo[]): Promise<BusyWorkerJson[]> {
  const host = currentHost();
  const running = Map.groupBy(await store.running(MOST_RUNNING), ({ workerId }) => workerId);
  return workers.map((worker) => ({
    ...workerToJson(worker, isLost(worker, host)),
    // What waits in the line behind a slot has not begun.
    jobs: (running.get(worker.id) ?? []).filter(({ isAhead }) => !isAhead).map(runningToJson),
  }));
}

function runningToJson(job: RunningJob): RunningJobJson {
  const { id, command, queue, attempt, startedAt, progress } = job;
  return { id, command, queue, attempt, started_at: formatTime(startedAt)!, progress };
}

/** The routes. */
export const WORKER_ROUTES: readonly Route[] = [listWorkers, stopWorker, scaleWorker];
