/**
 * Jobs that wait for other jobs: what the end of a parent means, and circles.
 *
 * @module
 */

import type { Condition, JobFields, Parent } from "./job.ts";
import { isFinal, type State } from "./state.ts";

/** What a parent means for the job that waits for it. */
export type Verdict =
  /** It has yet to end. */
  | "open"
  /** It ended as it should. */
  | "met"
  /** It ended otherwise: the job that waits is cancelled. */
  | "broken";

/** What a parent in a state means for a job that waits for it on a condition. */
export function verdictOf(on: Condition, state: State): Verdict {
  if (!isFinal(state)) return "open";
  if (on === "any") return "met";
  return (state === "completed") === (on === "ok") ? "met" : "broken";
}

/**
 * Why a job was cancelled with its parent, as `error` shows it.
 *
 * @param state null: the parent was deleted, and nobody can say how it ended
 */
export function describeBroken({ id, on }: Parent, state: State | null): string {
  if (state === null) return `its parent ${id} was deleted`;
  return on === "ok" ? `its parent ${id} is ${state}` : `its parent ${id} completed`;
}

/**
 * The same parents, where some of them are other jobs by now: those that hold their unique keys. Two may
 * be one then, and what was said of it first holds.
 *
 * @param holders the ids of these jobs, by the ids that are in their place here
 */
export function withHolders(
  after: readonly Parent[],
  holders: ReadonlyMap<string, string>,
): readonly Parent[] {
  if (!after.some(({ id }) => holders.has(id))) return after;
  const parents = new Map<string, Parent>();
  for (const { id, on } of after) {
    const parent = { id: holders.get(id) ?? id, on };
    if (!parents.has(parent.id)) parents.set(parent.id, parent);
  }
  return [...parents.values()];
}

/**
 * A circle among jobs that are enqueued together: the ids on it, the first once more at the end; null
 * if there is none. Jobs that are there already cannot wait for new ones.
 */
export function findCircle(jobs: readonly Pick<JobFields, "id" | "after">[]): string[] | null {
  const after = new Map<string, readonly Parent[]>();
  for (const job of jobs) if (job.after.length > 0) after.set(job.id, job.after);
  const done = new Set<string>();
  for (const start of after.keys()) {
    // Without recursion: a chain may be as long as a batch.
    const path: { id: string; next: number }[] = [{ id: start, next: 0 }];
    const onPath = new Set([start]);
    while (path.length > 0) {
      const step = path.at(-1)!;
      const parent = after.get(step.id)?.[step.next++]?.id;
      if (parent === undefined || done.has(step.id)) {
        done.add(step.id);
        onPath.delete(step.id);
        path.pop();
      } else if (onPath.has(parent)) {
        const ids = path.map(({ id }) => id);
        return [...ids.slice(ids.indexOf(parent)), parent];
      } else if (after.has(parent) && !done.has(parent)) {
        path.push({ id: parent, next: 0 });
        onPath.add(parent);
      }
    }
  }
  return null;
}
