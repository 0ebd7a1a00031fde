/**
 * Lists of jobs: what `list` and `dlq list` share.
 *
 * @module
 */

import type { Job } from "../job/job.ts";
import { type JobJson, jobToJson } from "../job/json.ts";
import { type State, STATES } from "../job/state.ts";
import { didYouMean } from "../nearest.ts";
import { quote } from "../quote.ts";
import { oneOf } from "../readers.ts";
import type { JobFilter, Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import * as flag from "./flags.ts";
import { writeJsonArray } from "./json_array.ts";
import { countOf, formatCount } from "../numbers.ts";
import { formatAgo, shortId, stateCell } from "./render.ts";
import { type Cell, type Column, renderTable } from "./table.ts";

/** A table without `--limit` has so many rows at the most. */
const DEFAULT_LIMIT = 100;

/** Narrows a list, or whatever else acts on many jobs, to some states. */
export const STATE_FLAG = flag.list(oneOf(STATES), {
  summary: "Only jobs in these states",
  short: "s",
  placeholder: "STATE,…",
  complete: STATES,
  aliases: ["status", "states"],
});

/** The flags that narrow and order a list. */
export const LIST_FLAGS = {
  queue: flag.string({
    summary: "Only jobs of this queue",
    short: "q",
    placeholder: "QUEUE",
    complete: "queue",
  }),
  tag: flag.string({ summary: "Only jobs with this tag", placeholder: "TAG", complete: "tag" }),
  limit: flag.integer({
    summary: "At most so many; 0 is all",
    short: "n",
    min: 0,
    defaultText: `${DEFAULT_LIMIT}; with --json all`,
  }),
  sort: flag.choice(["created", "-created"], {
    summary: "Oldest or newest first",
    placeholder: "ORDER",
    default: "-created",
  }),
};

/** A column of the table, and what it shows of a job. */
export interface JobColumn extends Column {
  cell(job: Job, now: number): Cell;
}

/** The columns of a list of jobs, by what they show. */
export const JOB_COLUMNS = {
  id: { title: "ID", short: shortId, cell: (job) => job.id },
  state: { title: "STATE", cell: standingCell },
  queue: { title: "QUEUE", spare: 1, cell: (job) => job.queue },
  attempts: {
    title: "ATTEMPTS",
    align: "right",
    cell: (job) => `${job.attempts}/${job.maxRetries + 1}`,
  },
  created: {
    title: "CREATED",
    align: "right",
    spare: 2,
    cell: (job, now) => formatAgo(job.createdAt, now),
  },
  ended: {
    title: "ENDED",
    align: "right",
    spare: 2,
    cell: (job, now) => formatAgo(job.finishedAt ?? job.updatedAt, now),
  },
  error: { title: "ERROR", flexible: true, cell: (job) => job.error ?? "" },
  command: { title: "COMMAND", flexible: true, cell: (job) => job.command },
} satisfies Record<string, JobColumn>;

/** The state with what can be said in a word: `processing 40%`, `scheduled in 5m`. */
function standingCell({ state, progress, runAt }: Job, now: number): Cell {
  const { text, color } = stateCell(state);
  if (state === "processing" && progress !== null) {
    return { text: `${text} ${progress.percent}%`, color };
  }
  if (state === "scheduled" && runAt !== null) {
    return { text: `${text} ${formatAgo(Math.max(runAt, now), now)}`, color };
  }
  return { text, color };
}

/** What a list shows. */
export interface ListRequest {
  /** None is all. */
  readonly states: readonly State[];
  readonly flags: flag.FlagValues<typeof LIST_FLAGS>;
  readonly columns: readonly JobColumn[];
}

/** Prints the jobs of a store that fit; says on stderr how many more there are, or why there is none. */
export async function listJobs(
  context: Context,
  store: Store,
  { states, flags, columns }: ListRequest,
): Promise<void> {
  const { stdout, stderr, json, now } = context;
  const filter: JobFilter = {
    ...(states.length === 0 ? {} : { states }),
    ...(flags.queue === undefined ? {} : { queue: flags.queue }),
    ...(flags.tag === undefined ? {} : { tag: flags.tag }),
  };
  const limit = flags.limit ?? (json ? 0 : DEFAULT_LIMIT);
  const wanted = {
    ...filter,
    ...(limit === 0 ? {} : { limit }),
    oldestFirst: flags.sort === "created",
  };
  if (json) return await writeJsonArray(stdout, printed(store.portions(wanted)));
  const jobs = await store.jobs(wanted);
  if (jobs.length === 0) return await explainEmptyList(context, store, filter);
  const rows = jobs.map((job) => columns.map((column) => column.cell(job, now())));
  await stdout.write(await renderTable(columns, rows, stdout));
  if (limit === 0 || jobs.length < limit) return;
  const more = await store.count(filter) - jobs.length;
  if (more > 0) await stderr.line(`${formatCount(more)} more; --limit 0 shows all`);
}

async function* printed(portions: AsyncIterable<readonly Job[]>): AsyncGenerator<JobJson> {
  for await (const jobs of portions) yield* jobs.values().map(jobToJson);
}

/** Says why a list is empty and where to look. */
async function explainEmptyList(
  { stderr }: Context,
  store: Store,
  filter: JobFilter,
): Promise<void> {
  const { queues } = await store.status();
  const count = (states?: readonly State[]) =>
    queues.flatMap(({ counts }) => Object.entries(counts))
      .reduce(
        (sum, [state, jobs]) => states?.includes(state as State) ?? true ? sum + jobs : sum,
        0,
      );
  const { states, queue } = filter;
  if (count() === 0) {
    return await stderr.line("There are no jobs yet; to add one: queuectl enqueue -- echo hello");
  }
  const names = queues.map(({ queue }) => queue);
  if (queue !== undefined && !names.includes(queue)) {
    return await stderr.line(`There is no queue ${quote(queue)}${didYouMean(queue, names)}`);
  }
  await stderr.line(
    states?.length === 1 && queue === undefined && filter.tag === undefined
      ? `No job is ${states[0]}`
      : "No job fits",
  );
  const dead = count(["dead"]);
  if (states?.includes("failed") && !states.includes("dead") && dead > 0) {
    const jobs = dead === 1 ? "1 job has" : `${countOf(dead, "job")} have`;
    await stderr.line(
      `${jobs} failed for good and ${
        dead === 1 ? "is" : "are"
      } in the dead letter queue: queuectl dlq list`,
    );
  }
}
