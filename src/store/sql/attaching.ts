/**
 * New jobs begin to wait for their parents.
 *
 * @module
 */

import { UnknownParentError } from "../../errors.ts";
import type { JobFields } from "../../job/job.ts";
import { verdictOf } from "../../job/parents.ts";
import type { State } from "../../job/state.ts";
import { type Broken, cancelBroken, noteEnded, OpenParents, readyIfFree } from "./parents.ts";
import { all, type Work } from "./work.ts";

/**
 * Within a transaction: lets jobs that were stored as blocked, or held, wait for their parents. Those that
 * have ended count at once.
 *
 * @throws {UnknownParentError} if there is no such parent
 */
export function* attachParents(
  jobs: readonly Pick<JobFields, "id" | "after">[],
  now: number,
): Work<void> {
  const { seqs, states } = yield* lookUp(jobs);
  const open = new OpenParents();
  const free: number[] = [];
  const cancelled: (Broken & { readonly id: string })[] = [];
  for (const { id, after } of jobs) {
    const missing = after.find((parent) => !states.has(parent.id));
    if (missing !== undefined) throw new UnknownParentError(id, missing.id);
    const seq = seqs.get(id)!;
    const state = states.get(id)!;
    // A later one of its list may have replaced it.
    if (state === "cancelled") continue;
    const verdicts = after.map((parent) => verdictOf(parent.on, states.get(parent.id)!));
    const waitsFor = after.filter((_, i) => verdicts[i] === "open");
    const broken = verdicts.indexOf("broken");
    if (broken >= 0) {
      const parent = { ...after[broken]!, state: states.get(after[broken]!.id)! };
      const waiting = { held: state === "held", open: waitsFor.map((parent) => parent.id) };
      cancelled.push({ id, seq, parent, waiting });
      states.set(id, "cancelled");
    } else if (waitsFor.length > 0) open.note(seq, waitsFor);
    else free.push(seq);
  }
  yield* open.add();
  if (cancelled.length > 0) {
    yield* cancelBroken(cancelled, now);
    yield* noteEnded(...cancelled.map(({ id }) => id));
  }
  if (free.length > 0) yield* readyIfFree(free, now);
}

/** What there is of jobs and their parents. A parent that ended meanwhile would not know that somebody waits. */
function* lookUp(jobs: readonly Pick<JobFields, "id" | "after">[]): Work<{
  readonly seqs: ReadonlyMap<string, number>;
  readonly states: Map<string, State>;
}> {
  const ids = new Set(jobs.flatMap(({ id, after }) => [id, ...after.map((parent) => parent.id)]));
  const rows = yield* all(
    `SELECT id, seq, state FROM job WHERE id IN (SELECT value FROM json_each(?))
    ORDER BY id FOR SHARE`,
    JSON.stringify([...ids]),
  );
  return {
    seqs: new Map(rows.map(({ id, seq }) => [id as string, seq as number])),
    states: new Map(rows.map(({ id, state }) => [id as string, state as State])),
  };
}
