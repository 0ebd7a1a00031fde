/**
 * Routes about one job, and the list of them.
 *
 * @module
 */

import * as v from "valibot";
import { jobToJson } from "../../job/json.ts";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { sourcesOf } from "../../job/state.ts";
import { formatTime } from "../../job/time.ts";
import { integerIn, readText } from "../../readers.ts";
import { deleteJob } from "../../actions/delete_job.ts";
import { retryJob } from "../../actions/retry_job.ts";
import { resolveConfig } from "../../config.ts";
import { UsageError } from "../../errors.ts";
import { explanationToJson, factsOf } from "../../json/explanation_json.ts";
import { JOB_SORTS } from "../../store/paging.ts";
import type { JobChanges } from "../../store/store.ts";
import { currentHost } from "../../worker/host.ts";
import { EXAMPLE_JOB } from "./examples.ts";
import { reading } from "./fields.ts";
import { JOB_ID, JOB_ID_WORDS, jobAnswer } from "./find_job.ts";
import { FILTER_QUERY, FILTER_WORDS, filterOf, word } from "./job_filter.ts";
import { defineRoute, type Route } from "./route.ts";
import { EXPLANATION, JOB_PAGE, JOB_WITH_ATTEMPTS } from "./schemas.ts";

const JOB_RESPONSE = {
  description: "The job",
  content: { "application/json": JOB_WITH_ATTEMPTS },
  example: EXAMPLE_JOB,
};

const LIMIT = 100;

const listJobs = defineRoute({
  method: "GET",
  path: "/api/jobs",
  name: "listJobs",
  tag: "jobs",
  summary: "List jobs, a page at a time",
  description:
    "However many jobs there are, a page takes milliseconds. Where those that fit are rare " +
    "it ends early, with fewer jobs or none, and `searched_to` says how far it has come; as long as " +
    "`next` is not null there may be more. A job that comes, goes or changes between two pages makes " +
    "the second one neither repeat nor skip another.",
  writes: false,
  query: {
    ...FILTER_QUERY,
    sort: v.optional(word(JOB_SORTS, "newest")),
    limit: v.optional(
      reading(integerIn({ min: 1, max: 1000 }), {
        type: "integer",
        minimum: 1,
        maximum: 1000,
        default: LIMIT,
      }),
    ),
    cursor: v.optional(reading(readText)),
  },
  words: {
    ...FILTER_WORDS,
    sort:
      "newest and oldest go by arrival; finished shows only jobs that have ended, the last one " +
      "first; priority only pending ones, as they will be claimed, queue for queue",
    limit: "At most so many",
    cursor: "`next` of the page before; with the same filter and sort",
  },
  responses: {
    200: {
      description:
        "A page. `total` is how many fit in all, null where counting them would take long",
      content: { "application/json": JOB_PAGE },
    },
  },
  errors: [400],
  async handle({ store, query: { sort, limit, cursor, ...filter } }) {
    const page = await store.page(filterOf(filter), {
      limit: limit ?? LIMIT,
      cursor: cursor || null,
      ...(sort === undefined ? {} : { sort }),
    });
    const { jobs, next, total, searchedTo } = page;
    return {
      status: 200,
      json: { jobs: jobs.map(jobToJson), next, total, searched_to: formatTime(searchedTo) },
    };
  },
});

const getJob = defineRoute({
  method: "GET",
  path: "/api/jobs/{id}",
  name: "getJob",
  tag: "jobs",
  summary: "Get a job with its attempts",
  description: "As `queuectl show ID --json`.",
  writes: false,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  responses: { 200: JOB_RESPONSE },
  errors: [404],
  handle: ({ store, params }) => jobAnswer(store, params.id),
});

const editJob = defineRoute({
  method: "PATCH",
  path: "/api/jobs/{id}",
  name: "editJob",
  tag: "jobs",
  summary: "Change a job that waits",
  description:
    "What is not named stays as it is. With `run_at` or `delay` a pending job is scheduled, " +
    "and a failed one tries again then; a `delay` of 0 is now, a `timeout` of null none. A job that runs or has ended is a " +
    "conflict.",
  writes: true,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  body: {
    kind: "fields",
    fields: {
      command: v.optional(SPEC_FIELDS.command),
      queue: v.optional(SPEC_FIELDS.queue),
      priority: v.optional(SPEC_FIELDS.priority),
      max_retries: v.optional(SPEC_FIELDS.max_retries),
      // As it is printed, null is none.
      timeout: v.optional(v.nullable(SPEC_FIELDS.timeout)),
      run_at: v.optional(SPEC_FIELDS.run_at),
      delay: v.optional(SPEC_FIELDS.delay),
    },
    example: { priority: 10, timeout: "10m" },
  },
  responses: { 200: JOB_RESPONSE },
  errors: [400, 404, 409],
  async handle({ store, params: { id }, body }) {
    const { max_retries: maxRetries, run_at: runAt, ...same } = body;
    if (runAt !== undefined && same.delay !== undefined) {
      throw new UsageError('"run_at" and "delay" both say when: give one of them', {
        field: "run_at",
      });
    }
    const changes: JobChanges = Object.fromEntries(
      Object.entries({ ...same, maxRetries, runAt }).filter(([, value]) => value !== undefined),
    );
    if (Object.keys(changes).length === 0) {
      throw new UsageError('Say what to change, such as {"priority": 10}');
    }
    await store.edit(id, changes);
    return await jobAnswer(store, id);
  },
});

const removeJob = defineRoute({
  method: "DELETE",
  path: "/api/jobs/{id}",
  name: "deleteJob",
  tag: "jobs",
  summary: "Delete a job with its attempts and its output",
  description: "A job that runs, or for which others wait, is a conflict.",
  writes: true,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  responses: {
    200: {
      description: "It is gone",
      content: { "application/json": v.strictObject({ id: v.string(), deleted: v.literal(true) }) },
    },
  },
  errors: [404, 409],
  async handle({ store, params: { id } }) {
    await deleteJob(store, id);
    return { status: 200, json: { id, deleted: true } };
  },
});

const retry = defineRoute({
  method: "POST",
  path: "/api/jobs/{id}/retry",
  name: "retryJob",
  tag: "jobs",
  summary: "Run a job again",
  description:
    "A job that is dead, cancelled, failed or completed becomes pending, with all of its " +
    "retries. Any other is a conflict, and so is one whose unique key is taken.",
  writes: true,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  responses: { 200: JOB_RESPONSE },
  errors: [404, 409],
  async handle({ store, params: { id } }) {
    await retryJob(store, id, sourcesOf("retry"));
    return await jobAnswer(store, id);
  },
});

const cancel = defineRoute({
  method: "POST",
  path: "/api/jobs/{id}/cancel",
  name: "cancelJob",
  tag: "jobs",
  summary: "Cancel a job",
  description:
    "A job that waits is cancelled at once. Of one that runs its worker is asked to end the " +
    "command: the answer does not wait for that (202), and the job is `processing` until then.",
  writes: true,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  responses: {
    200: { ...JOB_RESPONSE, description: "It is cancelled" },
    202: { ...JOB_RESPONSE, description: "It runs, and its worker was asked to end it" },
  },
  errors: [404, 409],
  async handle({ store, params: { id } }) {
    const result = await store.cancel(id);
    return await jobAnswer(store, id, result === "requested" ? 202 : 200);
  },
});

const release = defineRoute({
  method: "POST",
  path: "/api/jobs/{id}/release",
  name: "releaseJob",
  tag: "jobs",
  summary: "Let a held job go",
  writes: true,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  responses: { 200: JOB_RESPONSE },
  errors: [404, 409],
  async handle({ store, params: { id } }) {
    await store.release(id);
    return await jobAnswer(store, id);
  },
});

const explainJob = defineRoute({
  method: "GET",
  path: "/api/jobs/{id}/explain",
  name: "explainJob",
  tag: "jobs",
  summary: "Say why a job is not running",
  description: "As `queuectl explain ID --json`: a word in `reason`, a sentence in `text`.",
  writes: false,
  params: JOB_ID,
  words: JOB_ID_WORDS,
  responses: {
    200: { description: "Why", content: { "application/json": EXPLANATION } },
  },
  errors: [404],
  async handle({ store, params: { id }, now }) {
    const standing = await store.standing(id);
    const { lease } = resolveConfig(await store.settings());
    const facts = factsOf(standing, { lease, host: currentHost(), now: now() });
    return { status: 200, json: explanationToJson(facts) };
  },
});

/** The routes. */
export const JOB_ROUTES: readonly Route[] = [
  listJobs,
  getJob,
  editJob,
  removeJob,
  retry,
  cancel,
  release,
  explainJob,
];
