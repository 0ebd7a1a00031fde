/**
 * Histories: jobs are enqueued.
 *
 * @module
 */

import type { NewJob, Parent } from "../../../src/job/job.ts";
import { isFinal, STATES } from "../../../src/job/state.ts";
import { assertSame } from "./compare.ts";
import { type Draft, FATAL } from "./steps.ts";
import type { Taker, Tale } from "./tale.ts";

const UNENDED = STATES.filter((state) => !isFinal(state));

/** A list, of which each may wait for some that are there, or in the list. */
export const takeEnqueue: Taker<"enqueue"> = async (tale, { jobs: drafts, ifExists }, store) => {
  const jobs = newJobs(tale, drafts);
  const { model, tally } = tale;
  const result = await tale.both(
    `enqueue ${ifExists}`,
    () => model.enqueue(jobs, ifExists),
    () => store.enqueue(jobs, ifExists),
  );
  if (result === null) return;
  assertSame(result.actual, result.expected);
  if (result.expected.some(({ isNew }) => !isNew)) tally.event("enqueue gave the holder");
  const isReplaced = ({ error }: { readonly error: string | null }) =>
    jobs.some(({ id }) => error === `replaced by job ${id}`);
  if (model.jobs.all.some(({ job }) => isReplaced(job))) tally.event("enqueue took a place");
};

function newJobs(tale: Tale, drafts: readonly Draft[]): NewJob[] {
  const jobs: NewJob[] = [];
  for (const draft of drafts) {
    const { queue, priority, maxRetries, isFatal, held, when, backoff, uniqueKey } = draft;
    const job = tale.newJob({
      queue,
      priority,
      maxRetries,
      held,
      uniqueKey,
      fatalExitCodes: isFatal ? [FATAL] : [],
      ...whenOf(tale, when),
      backoffBase: backoff.base,
      backoffMax: backoff.max,
      backoffJitter: backoff.jitter,
      env: isFatal ? { A: "1" } : {},
      stdin: draft.pick % 5 === 0 ? "in" : null,
    }, draft.takesId ? draft.pick : null);
    // Two of one id in a list are told apart by nobody.
    if (!jobs.some(({ id }) => id === job.id)) jobs.push(job);
  }
  return jobs.map((job, index) => ({
    ...job,
    after: parentsOf(tale, drafts[index]!, index, jobs),
  }));
}

function parentsOf(
  tale: Tale,
  { parents }: Draft,
  index: number,
  jobs: readonly NewJob[],
): Parent[] {
  const after = new Map<string, Parent>();
  for (const { whom, pick, on } of parents) {
    const found = {
      // Most of those that are there have ended, and decide at once.
      there: () => tale.job(pick, pick % 3 === 0 ? STATES : UNENDED)?.job,
      before: () => jobs[pick % index],
      behind: () => jobs[index + pick % (jobs.length - index)],
      nobody: () => ({ id: "nobody" }),
    }[whom]();
    if (found) after.set(found.id, { id: found.id, on });
  }
  return [...after.values()];
}

/** The same as the store takes it. */
export function whenOf(
  { model }: Tale,
  when: Draft["when"],
): { delay?: number; runAt?: number } {
  if (when === null) return {};
  return "delay" in when ? when : { runAt: model.now + when.runAtIn };
}
