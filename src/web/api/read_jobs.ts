/**
 * From a body to stored jobs, with the rules of `queuectl enqueue`.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { type EnqueueOptions, Enqueuer, refuseUnknownParents } from "../../intake/enqueuer.ts";
import { type JobInput, readJobs, readLines } from "../../intake/job_input.ts";
import { batchesOf, type LargeRequest, surveySteps } from "../../intake/job_survey.ts";
import { type LineFile, readStream } from "../../intake/line_file.ts";
import { validateAll, type ValidJob } from "../../intake/valid_jobs.ts";
import { formatTraceparent, readTraceparent } from "../../observe/traceparent.ts";
import { type Enqueued, type IfExists, MAX_BATCH, type Store } from "../../store/store.ts";
import { LINE_TYPES } from "./body.ts";
import type { ApiRequest, RawBody } from "./route.ts";
import { Turns } from "./turns.ts";

/** How jobs are to be enqueued. */
export interface EnqueueQuery {
  readonly ifExists: IfExists;
  readonly held: boolean;
}

/** What became of the jobs of a body. */
export interface Stored {
  /** Whether they were sent as a list, however many there are in it. */
  readonly isList: boolean;
  /** In order, a batch each: the ids, a line each, since a million short texts are a burden. */
  readonly batches: readonly string[];
  /** How many of the jobs are new: the others held their unique keys. */
  readonly created: number;
}

/** What is longer takes its turn, characters. */
const LARGE = 2 * 1024 * 1024;

/** Long bodies go one after the other: each takes some hundred megabytes. */
const large = new Turns();

/**
 * Enqueues the jobs of a body: up to 50,000 all or none, more in chunks of that size.
 *
 * @throws {UsageError} if anything is wrong with one; nothing is enqueued
 * @throws {ConflictError} if an id or a unique key is taken; of several chunks it says how many jobs are in
 * @throws {NotFoundError} if there is no such parent
 */
export async function enqueueBody(
  { store, body, cwd, headers }: ApiRequest<unknown, unknown, RawBody>,
  query: EnqueueQuery,
): Promise<Stored> {
  const options = optionsOf({ cwd, headers }, query);
  const read = await readStream(body.stream, "The body");
  if (typeof read !== "string") {
    return await large.take(() => enqueueFile(store, read, options));
  }
  const work = async () => await enqueueText(store, inputOf(read, body.type), options);
  return read.length > LARGE ? await large.take(work) : await work();
}

async function enqueueText(
  store: Store,
  { jobs: written, isList }: JobInput,
  options: EnqueueOptions,
): Promise<Stored> {
  if (written.length === 0 && !isList) {
    throw new UsageError('No job given: send one as JSON, such as {"command": "echo hello"}');
  }
  const jobs = validateAll(written, {}, options.ifExists ?? "fail");
  const enqueuer = await Enqueuer.open(store, options);
  if (jobs.length > MAX_BATCH) {
    await refuseUnknownParents(store, waitingOf(jobs), new Set(jobs.map(({ spec }) => spec.id)));
  }
  const done = new Done();
  for (let from = 0; from < jobs.length; from += MAX_BATCH) {
    done.add(await enqueuer.enqueue(jobs.slice(from, from + MAX_BATCH)));
  }
  return { isList, ...done };
}

/** What is in so far. */
class Done {
  readonly batches: string[] = [];
  created = 0;

  add(enqueued: readonly Enqueued[]): void {
    this.batches.push(enqueued.map(({ id }) => id).join("\n"));
    this.created += enqueued.filter(({ isNew }) => isNew).length;
  }
}

/** How the API says that jobs are to be enqueued. */
export function optionsOf(
  { cwd, headers }: Pick<ApiRequest, "cwd" | "headers">,
  { ifExists, held }: EnqueueQuery,
): EnqueueOptions {
  const trace = readTraceparent(headers.get("traceparent"));
  return {
    held,
    ifExists,
    cwd,
    advice: "if_exists=return or if_exists=replace",
    traceparent: trace === null ? null : formatTraceparent(trace),
  };
}

function inputOf(text: string, type: string): JobInput {
  if (!LINE_TYPES.includes(type)) return readJobs(text);
  return { jobs: readLines(text.startsWith("\ufeff") ? text.slice(1) : text), isList: true };
}

async function enqueueFile(
  store: Store,
  file: LineFile,
  options: EnqueueOptions,
): Promise<Stored> {
  using _file = file;
  const { ifExists = "fail" } = options;
  const request = await inSteps(
    surveySteps(file, { overrides: {}, ifExists, parentsByPart: false }),
  );
  const waiting = request.waiting.map((job) => ({ ...job, where: `Line ${job.line}: ` }));
  await refuseUnknownParents(store, waiting, request.ids);
  const enqueuer = await Enqueuer.open(store, options);
  const done = new Done();
  for (const batch of batchesOf(request)) {
    done.add(await enqueuer.enqueue(batch));
    await otherWork();
  }
  return { isList: true, ...done };
}

/** Others are served between two steps. */
async function inSteps(steps: Generator<void, LargeRequest>): Promise<LargeRequest> {
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
    await otherWork();
  }
}

function otherWork(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

function* waitingOf(jobs: readonly ValidJob[]) {
  for (const { spec: { id, after }, where } of jobs) {
    if (after !== undefined) yield { id, where, after };
  }
}
