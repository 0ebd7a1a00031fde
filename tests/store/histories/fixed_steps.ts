/**
 * Short ways to say the steps of histories that are written by hand. Numbers are places in the order of
 * arrival.
 *
 * @module
 */

import type { Condition } from "../../../src/job/job.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import { FINAL_STATES, sourcesOf } from "../../../src/job/state.ts";
import type { Overlap } from "../../../src/store/schedules.ts";
import type { Draft, Of, What } from "./steps.ts";

/** A job with nothing out of the ordinary, in queue `a`. */
export const DRAFT: Draft = {
  queue: "a",
  priority: 0,
  maxRetries: 0,
  isFatal: false,
  held: false,
  when: null,
  backoff: { base: 2, max: 86_400_000, jitter: 0 },
  uniqueKey: null,
  parents: [],
  takesId: false,
  pick: 0,
};

/** A tick of the first worker, in which nothing happens. */
export const TICK: Of<"tick"> = {
  kind: "tick",
  worker: { pick: 0, isGone: false },
  free: 0,
  ahead: 0,
  ends: [],
  output: null,
  observed: null,
  brings: false,
  draining: false,
  isBrief: false,
  slots: null,
  random: 0.5,
};

/** A job that waits for the first so many there are. */
export function child(
  parents: number,
  on: Condition = "ok",
  overrides: Partial<Draft> = {},
): Draft {
  const picks = Array.from({ length: parents }, (_, pick) => pick);
  return { ...DRAFT, parents: picks.map((pick) => ({ whom: "there", pick, on })), ...overrides };
}

/** A job that waits for the first of its list. */
export const GRANDCHILD: Draft = { ...DRAFT, parents: [{ whom: "before", pick: 0, on: "ok" }] };

/** Jobs are enqueued. */
export function enqueue(...jobs: readonly Draft[]): What {
  return { kind: "enqueue", ifExists: "fail", jobs: [...jobs] };
}

/** A tick that claims for so many slots. */
export function claim(slots: number): What {
  return { ...TICK, free: slots };
}

/** A tick in which attempts end, the oldest first. */
export function end(...outcomes: readonly Outcome[]): What {
  const ends = outcomes.map((outcome, pick) => ({
    pick,
    outcome,
    ago: 0,
    again: false,
    startsAgo: null,
    writes: false,
  }));
  return { ...TICK, ends };
}

/** A job is retried. */
export function retry(pick: number): What {
  return { kind: "retry", pick, apt: false, isBlamed: false, from: sourcesOf("retry") };
}

/** A job that has ended is deleted. */
export function remove(pick: number): What {
  return { kind: "remove", pick, apt: false, from: FINAL_STATES };
}

/** The settings of a queue change. */
export function configure(
  queue: "a" | "b",
  changes: Of<"configureQueue">["changes"],
): What {
  return { kind: "configureQueue", queue, create: true, changes };
}

/** The clock moves. */
export function wait(time: number): What {
  return { kind: "wait", time };
}

/** A schedule that fires every 15 seconds is added, or takes the place of itself. */
export function schedule(overlap: Overlap): What {
  return {
    kind: "addSchedule",
    name: "s",
    period: 15_000,
    catchUp: "all",
    overlap,
    job: { queue: "a", uniqueKey: null, delay: null },
    isOver: false,
    replace: true,
  };
}

/** A tick of one of the two workers, which brings the firings of what it was told is due. */
export function bring(pick = 0, free = 0): What {
  return { ...TICK, worker: { pick, isGone: false }, brings: true, free };
}

/** A job is let go. */
export function release(pick: number): What {
  return { kind: "release", pick, apt: false };
}

/** A job is cancelled. */
export function cancel(pick: number): What {
  return { kind: "cancel", pick, apt: false };
}
