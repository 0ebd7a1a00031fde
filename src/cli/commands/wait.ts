/**
 * `queuectl wait`
 *
 * @module
 */

import { WaitTimeoutError } from "../../errors.ts";
import type { Job } from "../../job/job.ts";
import { jobToJson } from "../../job/json.ts";
import { isFinal, WAITING_STATES } from "../../job/state.ts";
import type { Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import * as flag from "../flags.ts";
import { jobsIn } from "../hint.ts";
import { formatDuration } from "../../job/duration.ts";
import { Interruption } from "../interruption.ts";
import { describeJob } from "../job_view.ts";
import { exitCodeOfJobs } from "../job_exit_code.ts";
import { asOwnFailure } from "../own_failure.ts";
import { Pause } from "../../pause.ts";
import { progressBar } from "../progress_bar.ts";
import { readJobById } from "../../actions/read_job.ts";
import { countOf } from "../../numbers.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Waits for jobs. */
export const command = defineCommand({
  description: [
    "It ends as the jobs did: with 0 if all completed, else with the exit code of the first one, in " +
    "the order of the arguments, that did not. A failed job that has retries left is waited for.",
    "The jobs go on if the wait is interrupted. With --json it prints the job, or an array for several.",
  ],
  flags: {
    timeout: flag.duration({ summary: "Wait no longer than this", short: "t" }),
  },
  args: {
    ids: arg.many(
      "ID",
      "A job's id, or a unique beginning or ending of it",
      jobsIn("processing", ...WAITING_STATES),
    ),
  },
  examples: [
    ["queuectl wait job1", "Wait for a job and exit as it did"],
    ["queuectl wait job1 job2 --timeout 10m && ./deploy", "Go on when both have completed"],
  ],
  exitCodes: [
    ["0", "All completed"],
    ["1", "A job has no exit code of its own: it was cancelled, lost or could not start"],
    ["124", "The time ran out; with --json the jobs are printed as they are"],
    ["125", "Queuectl itself failed, or a job is not known"],
    ["130", "Interrupted by SIGINT, 143 by SIGTERM; the jobs go on"],
    ["others", "The job's own"],
  ],
  run: (context, { args, flags }) =>
    asOwnFailure(() => waitForJobs(context, args.ids, flags.timeout ?? null)),
});

async function waitForJobs(
  context: Context,
  words: readonly string[],
  timeout: number | null,
): Promise<number> {
  const { openStore, json, stdout, stderr } = context;
  await using store = await openStore({ create: false });
  const ids: string[] = [];
  // All of them first: who mistyped the second should not have to wait for the first.
  for (const word of words) ids.push(await store.resolve(word));
  using interruption = new Interruption();
  const wait = new JobWait(store, ids, context);
  const deadline = timeout === null ? Infinity : performance.now() + timeout;
  const pause = new Pause();
  await using bar = progressBar(context, { label: "Waiting", total: wait.total });
  await wait.look();
  if (wait.open > 0 && !json) await hintAtWorker(store, context);
  while (wait.open > 0 && interruption.code === null && performance.now() < deadline) {
    await pause.wait(interruption.signal);
    await wait.look();
    if (wait.total > 1) bar.update(wait.total - wait.open, { note: wait.running });
  }
  const { open, jobs } = wait;
  if (open > 0 && interruption.code !== null) {
    const what = open === 1 ? "the job goes" : `${countOf(open, "job")} go`;
    await stderr.line(`Interrupted; ${what} on`);
    return interruption.code;
  }
  if (json) await stdout.json(words.length === 1 ? jobToJson(jobs[0]!) : jobs.map(jobToJson));
  if (open === 0) return exitCodeOfJobs(jobs);
  const first = jobs.find(({ state }) => !isFinal(state))!;
  throw new WaitTimeoutError(
    open === 1
      ? `Job ${first.id} has not ended within ${formatDuration(timeout!)}: it is ${first.state}`
      : `${countOf(open, "job")} have not ended within ${formatDuration(timeout!)}`,
  );
}

/** Jobs that are waited for. */
class JobWait {
  readonly #store: Store;
  readonly #context: Context;
  /** In the order of the arguments, as they were at the last look. */
  readonly #jobs: Map<string, Job | null>;

  constructor(store: Store, ids: readonly string[], context: Context) {
    this.#store = store;
    this.#context = context;
    this.#jobs = new Map(ids.map((id) => [id, null]));
  }

  get total(): number {
    return this.#jobs.size;
  }

  /** Which ones run. */
  get running(): string {
    const running = this.jobs.filter(({ state }) => state === "processing");
    return running.length === 0 ? "" : `running: ${running.map(({ id }) => id).join(", ")}`;
  }

  get jobs(): Job[] {
    return [...this.#jobs.values()].filter((job) => job !== null);
  }

  /** How many have not ended. */
  get open(): number {
    return this.jobs.filter(({ state }) => !isFinal(state)).length;
  }

  /** Looks at those that had not ended, and tells of those that have. */
  async look(): Promise<void> {
    const { stderr, json, now } = this.#context;
    for (const [id, before] of this.#jobs) {
      if (before !== null && isFinal(before.state)) continue;
      const job = await readJobById(this.#store, id);
      this.#jobs.set(id, job);
      if (isFinal(job.state) && !json) await stderr.line(describeJob(job, now()));
    }
  }
}
