/**
 * Routes that enqueue.
 *
 * @module
 */

import * as v from "valibot";
import { resolveConfig } from "../../config.ts";
import { ConflictError, UsageError } from "../../errors.ts";
import { Enqueuer } from "../../intake/enqueuer.ts";
import { validate } from "../../intake/valid_jobs.ts";
import { jobToJson } from "../../job/json.ts";
import { canonicalKey } from "../../job/spec.ts";
import type { JobSpec } from "../../job/spec_fields.ts";
import { specDefaults } from "../../spec_defaults.ts";
import type { IfExists, Store } from "../../store/store.ts";
import { EXAMPLE_LISTED_JOB, EXAMPLE_SPEC } from "./examples.ts";
import { SWITCH } from "./fields.ts";
import { JOB_ID, JOB_ID_WORDS } from "./find_job.ts";
import { word } from "./job_filter.ts";
import { enqueueBody, optionsOf, type Stored } from "./read_jobs.ts";
import { type ApiRequest, defineRoute, type Route } from "./route.ts";
import { COMPARED_KEYS, refuseOther } from "./same_job.ts";
import { JOB } from "./schemas.ts";
import { jsonArray } from "./stream.ts";

const IF_EXISTS = ["fail", "return", "replace"] as const satisfies readonly IfExists[];

const ANSWERS = ["jobs", "ids"] as const;

const QUERY = {
  if_exists: v.optional(word(IF_EXISTS, "fail")),
  hold: v.optional(SWITCH),
};

const WORDS = {
  if_exists:
    "What to do if a job that has yet to end has the unique key: fail is a conflict, return " +
    "answers with that job, replace cancels it if it waits",
  hold: "The jobs wait until they are released",
};

const DIRECTORY =
  "A job without `cwd` runs in the directory in which the dashboard was started, and a " +
  "relative `cwd` starts there; with PostgreSQL, one without `cwd` runs in the directory of its worker. " +
  "A header `traceparent` (W3C) becomes the variable TRACEPARENT of the jobs.";

const enqueue = defineRoute({
  method: "POST",
  path: "/api/jobs",
  name: "enqueueJobs",
  tag: "jobs",
  summary: "Enqueue one job or many",
  description:
    "One object makes one job; a list, or `application/x-ndjson` with an object a line, makes " +
    "many, and the answer is a list. Everything is validated before anything is stored. Up to 50,000 " +
    "jobs go in together or not at all; of more, each 50,000 do, and an error says how many are in and " +
    "from which line to go on. A body has at most 64 MiB. When the answer comes, the jobs survive a " +
    `crash and a power cut. ${DIRECTORY}`,
  writes: true,
  query: { ...QUERY, answer: v.optional(word(ANSWERS, "jobs")) },
  words: { ...WORDS, answer: "Of a list: the jobs, or only their ids, in order" },
  body: { kind: "jobs", example: EXAMPLE_SPEC },
  responses: {
    201: {
      description: "The job, or the jobs in order. One that was deleted meanwhile is left out",
      content: {
        "application/json": v.union([JOB, v.array(JOB), v.array(v.string())]),
      },
      example: EXAMPLE_LISTED_JOB,
    },
    200: {
      description: "As 201, but nothing new was made: jobs with the unique keys were there",
      content: {
        "application/json": v.union([JOB, v.array(JOB), v.array(v.string())]),
      },
      example: EXAMPLE_LISTED_JOB,
    },
  },
  errors: [400, 404, 409],
  async handle(request) {
    const { if_exists: ifExists = "fail", hold: held = false, answer = "jobs" } = request.query;
    const stored = await enqueueBody(request, { ifExists, held });
    const { batches, created } = stored;
    const status = created > 0 || batches.length === 0 ? 201 : 200;
    if (!stored.isList) {
      const id = batches[0]!;
      const job = await request.store.job(id);
      // Somebody may have deleted it since.
      if (job === null) throw new ConflictError(`Job ${id} was enqueued, and deleted at once`);
      return { status, json: jobToJson(job) };
    }
    const items = answer === "ids" ? idsOf(stored) : jobsOf(request.store, stored);
    return { status, type: "application/json; charset=utf-8", parts: jsonArray(items) };
  },
});

async function* idsOf({ batches }: Stored): AsyncGenerator<string> {
  for (const batch of batches) yield* batch.split("\n");
}

async function* jobsOf(store: Store, stored: Stored): AsyncGenerator<unknown> {
  for await (const id of idsOf(stored)) {
    const job = await store.job(id);
    // A worker may have been fast, and somebody may have deleted it since.
    if (job !== null) yield jobToJson(job);
  }
}

const putJob = defineRoute({
  method: "PUT",
  path: "/api/jobs/{id}",
  name: "putJob",
  tag: "jobs",
  summary: "Enqueue a job once, however often this is asked for",
  description:
    "The first time the job is enqueued with the id of the path. Again, the job that is there " +
    "is the answer, whatever its state, if it was enqueued alike: the keys that are given of " +
    `${
      COMPARED_KEYS.join(", ")
    } are compared with what the job has (env: the names alone); run_at, ` +
    "delay and stdin are not. If it differs, or was edited since, that is a conflict, and `field` names " +
    `the key. ${DIRECTORY}`,
  writes: true,
  params: JOB_ID,
  query: QUERY,
  words: { ...WORDS, ...JOB_ID_WORDS },
  body: { kind: "job", example: EXAMPLE_SPEC },
  responses: {
    201: {
      description: "It is enqueued",
      content: { "application/json": JOB },
      example: EXAMPLE_LISTED_JOB,
    },
    200: {
      description: "It was there, or its unique key was taken and if_exists=return",
      content: { "application/json": JOB },
      example: EXAMPLE_LISTED_JOB,
    },
  },
  errors: [400, 404, 409],
  async handle(request) {
    const { store, params: { id } } = request;
    const { if_exists: ifExists = "fail", hold: held = false } = request.query;
    const written = withId(request.body, id);
    const valid = validate({ value: written, where: "" }, {});
    if (await isThere(request, id, valid.spec)) return await answer(store, id, 200);
    const enqueuer = await Enqueuer.open(store, optionsOf(request, { ifExists, held }));
    try {
      const [stored] = await enqueuer.enqueue([valid]);
      return await answer(store, stored!.id, stored!.isNew ? 201 : 200);
    } catch (error) {
      // Somebody asked for the same at the same time.
      if (!(error instanceof ConflictError) || !await isThere(request, id, valid.spec)) throw error;
      return await answer(store, id, 200);
    }
  },
});

/** The job with the id of the path; one of its own must be the same. */
function withId(body: unknown, id: string): unknown {
  if (typeof body === "string") return { command: body, id };
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const written = Object.keys(body).find((key) => canonicalKey(key) === "id");
  const own = written === undefined ? null : (body as Record<string, unknown>)[written];
  if (own === null) {
    const { [written ?? ""]: _, ...rest } = body as Record<string, unknown>;
    return { ...rest, id };
  }
  if (own !== id) throw new UsageError('"id" must be the one of the path', { field: "id" });
  return body;
}

/**
 * Whether the job is there already.
 *
 * @throws {ConflictError} if it is, and is another one
 */
async function isThere(
  { store, cwd }: Pick<ApiRequest, "store" | "cwd">,
  id: string,
  spec: JobSpec,
): Promise<boolean> {
  const job = await store.job(id);
  if (job === null) return false;
  const place = { directory: cwd, isShared: store.isShared };
  refuseOther(job, spec, specDefaults(resolveConfig(await store.settings()), place));
  return true;
}

async function answer(store: Store, id: string, status: number) {
  const job = await store.job(id);
  if (job === null) throw new ConflictError(`Job ${id} was deleted meanwhile`);
  return { status, json: jobToJson(job) };
}

/** The routes. */
export const ENQUEUE_ROUTES: readonly Route[] = [enqueue, putJob];
