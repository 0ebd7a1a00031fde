/**
 * What a worker brings to a tick: all that has gathered in its parts since the last one.
 *
 * @module
 */

import type { TickRequest } from "../store/tick.ts";
import type { FreeSlot } from "./attempt_start.ts";
import type { Pending } from "./attempts.ts";
import type { LeaseEnd } from "./lease.ts";
import type { Rescued } from "./rescues.ts";
import type { WorkerParts } from "./worker_parts.ts";

/** What was gathered for a tick. */
export interface Gathered {
  readonly request: TickRequest;
  readonly pending: Pending;
  readonly rescued: Rescued;
  /** Where a job could begin or wait: first the free slots of the request, then those ahead. */
  readonly places: readonly FreeSlot[];
  /** By the monotonic clock, and by the wall clock. */
  readonly begun: number;
  readonly asked: number;
  /** Until when jobs may run, if the store answers; null: it says nothing about that. */
  readonly lease: LeaseEnd | null;
}

/** Takes what there is from the parts, when the worker's turn to write has come. */
export function gather(parts: WorkerParts): Gathered {
  const begun = performance.now();
  const { runner, rescues, schedules, member, watch, heart, tenure, clock, shutdown } = parts;
  const draining = shutdown.isRequested;
  const free = draining ? [] : runner.free();
  const ahead = draining ? [] : runner.places();
  const pending = runner.take();
  const rescued = rescues.take();
  const { slots } = runner;
  const isBrief = heart.isTooSoon(begun, draining) && slots === member.slots &&
    rescued.buried.length === 0;
  // A brief one is no sign of life for the others.
  const lease = isBrief ? null : tenure.next();
  const ended = [...pending.ended, ...rescued.ended];
  const request: TickRequest = {
    worker: member.id,
    isBrief,
    ...clock.inItsTime({ ended, output: pending.output }),
    free: free.map(({ launcher }) => launcher),
    ahead: ahead.map(({ launcher }) => launcher),
    observed: watch.observations(),
    draining,
    buried: rescued.buried,
    ...(slots === member.slots ? {} : { slots }),
    firings: schedules.take(),
  };
  const asked = Date.now();
  return { request, pending, rescued, places: [...free, ...ahead], begun, asked, lease };
}

/** The store was away: what was taken waits again. Firings are worked out anew. */
export function putBack({ pending, rescued }: Gathered, { runner, rescues }: WorkerParts): void {
  runner.putBack(pending);
  rescues.putBack(rescued);
}
