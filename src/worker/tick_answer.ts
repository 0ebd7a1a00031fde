/**
 * What a worker does with the store's answer to a tick: jobs begin and end, the parts hear what became of what
 * they brought, and all others hear the news.
 *
 * @module
 */

import type { Events } from "../observe/events.ts";
import type { TickResult } from "../store/tick.ts";
import type { Gathered } from "./tick_request.ts";
import type { WorkerParts } from "./worker_parts.ts";

/** Tells the parts. */
export function takeAnswer(result: TickResult, gathered: Gathered, parts: WorkerParts): void {
  const { request, pending, rescued, begun, asked, lease } = gathered;
  const { runner, rescues, watch, heart, tenure, clock, shutdown, retention } = parts;
  if (!request.isBrief) heart.heard(begun, request.draining);
  if (result.evicted) runner.kill();
  else tenure.renew(lease);
  clock.hear(result.now, asked, Date.now());
  for (const { token } of rescued.ended) runner.forget(token);
  runner.stored(pending);
  rescues.stored(rescued, result.stale);
  if (request.slots !== undefined) noteSlots(request.slots, parts);
  report(result, parts.events);
  begin(result, gathered, parts);
  shutdown.obey(result.stopRequest);
  resize(result.slotsRequest, parts);
  retention.tick(result.now);
  for (const { peer, reason } of result.peers === null ? [] : watch.look(result.peers)) {
    rescues.begin(peer, reason);
  }
}

/** The store knows of these slots now. */
function noteSlots(slots: number, { member, runner, events }: WorkerParts): void {
  if (slots === member.slots) return;
  member.slots = slots;
  events.emit({ type: "worker_scaled", worker: member.id, slots, finishing: runner.finishing });
}

function report({ settled, stale, fired }: TickResult, events: Events): void {
  for (const end of settled) {
    // It is as if it had not been claimed.
    if (end.outcome === null && end.state === "pending") continue;
    events.emit({ type: "job_ended", settled: end });
  }
  for (const token of stale) events.emit({ type: "attempt_stale", token });
  for (const firing of fired) events.emit({ type: "schedule_fired", fired: firing });
}

/** A claim whose lease is not sure any more, or that comes after a stop, is given back. */
function begin(
  { claimed, cancelled }: TickResult,
  { places, begun }: Gathered,
  { runner, tenure, shutdown, options: { config } }: WorkerParts,
): void {
  const isLate = performance.now() - begun > config.lease / 2;
  if (claimed.length > 0) tenure.watch();
  claimed.forEach((claim, index) => {
    if (isLate || shutdown.isRequested) runner.giveBack(claim);
    else runner.begin(claim, places[index]!);
  });
  runner.end("cancel", cancelled);
  runner.flush();
}

/** A worker that ends has no use for another number of slots. */
function resize(slots: number | null, { runner, member, shutdown, wakeup }: WorkerParts): void {
  if (slots === null || shutdown.isRequested) return;
  runner.resize(slots);
  if (runner.slots !== member.slots) wakeup.call();
}
