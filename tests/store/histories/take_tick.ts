/**
 * Histories: what workers do.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { AttemptEnd, Claim, TickRequest, TickResult } from "../../../src/store/tick.ts";
import { asClaimed, chunk, launchers } from "../scene.ts";
import { assertSame } from "./compare.ts";
import type { Member } from "./crew.ts";
import { cancelledTokens, type ModelledTick, nameAttempts, tickModel } from "./model_tick.ts";
import type { Of } from "./steps.ts";
import type { Taker, Tale } from "./tale.ts";
import { firingOf } from "./take_schedules.ts";

/** A tick of a worker, also of one that others have given up. */
export const takeTick: Taker<"tick"> = async (tale, what) => {
  const member = tale.crew.choose(what.worker);
  if (member === undefined) return;
  const { model } = tale;
  const ended = what.ends.flatMap((end) => {
    const claim = chooseClaim(member, end.pick, end.again);
    return claim === undefined ? [] : [endOf(tale, member, claim, end)];
  });
  const writer = what.output === null ? undefined : chooseClaim(member, what.output, false);
  const peers = [...tale.crew.present, ...tale.crew.gone].filter((peer) => peer !== member);
  const seen = what.observed === null ? undefined : peers[what.observed.pick % peers.length];
  const heartbeat = seen === undefined ? 0 : model.workers.find(seen.id)?.heartbeat ?? 0;
  await tickBoth(tale, member, {
    ended,
    free: launchers(what.free),
    ahead: launchers(what.ahead),
    output: writer === undefined
      ? []
      : [{ ...writer, chunk: chunk(writer.token, what.output! % 4, `out-${model.now}`) }],
    observed: new Map(
      seen === undefined ? [] : [[seen.id, {
        heartbeat: heartbeat - (what.observed!.isOld ? 1 : 0),
        unmovedFor: what.observed!.unmovedFor,
      }]],
    ),
    firings: what.brings ? member.due.map((schedule) => firingOf(tale, schedule)) : [],
    draining: what.draining,
    isBrief: what.isBrief,
    ...what.slots === null ? {} : { slots: what.slots },
  }, what.random);
};

/** A worker cleans up after another one, and settles its attempts; it may have been there all the time. */
export const takeRescue: Taker<"rescue"> = async (tale, what) => {
  const { present } = tale.crew;
  const by = present[what.by % present.length];
  const { workers } = tale.model;
  const others = present.filter((member) => member !== by);
  const busy = others.filter(({ id }) => workers.running(id).length > 0);
  // Where nobody is at work there is little to clean up.
  const among = what.lost % 4 > 0 && busy.length > 0 ? busy : others;
  const lost = among[what.lost % among.length];
  if (by === undefined || lost === undefined) return;
  const running = workers.running(lost.id)
    .map(({ job: { id }, token }) => ({ jobId: id, token: token! }));
  const chunks = what.salvages ? [chunk("", 0, `salvaged-${tale.model.now}`)] : [];
  const heartbeat = workers.find(lost.id)!.heartbeat - (what.fence === "moved" ? 1 : 0);
  const fence = what.fence === "none" ? {} : { unlessBack: { worker: lost.id, heartbeat } };
  const ended = running.slice(what.isPartial ? 1 : 0).map((claim) =>
    by.worker.end(claim, what.outcome, { replacesOutput: what.salvages, chunks, ...fence })
  );
  await tickBoth(tale, by, { ended, buried: [lost.id], free: launchers(1) }, 0.5);
  if (running.length > 0) tale.tally.event("worker lost");
};

/** Somebody says how far an attempt is; it may be over. */
export const takeProgress: Taker<"progress"> = async (tale, what, store) => {
  const member = tale.crew.choose(what.worker);
  const claim = member && chooseClaim(member, what.pick, what.again);
  if (claim === undefined) return;
  const progress = { percent: what.percent, message: what.percent % 2 ? "half way" : null };
  const job = tale.model.jobs.find(claim.jobId);
  await tale.both(
    "progress",
    () => tale.model.report(job, claim.token, progress),
    () => store.reportProgress(claim, progress),
  );
};

function chooseClaim({ mine, told }: Member, pick: number, again: boolean): Claim | undefined {
  const among = again || mine.length === 0 ? told : mine;
  return among[pick % among.length];
}

function endOf(
  tale: Tale,
  { worker }: Member,
  claim: Claim,
  { outcome, ago, startsAgo, writes, pick }: Of<"tick">["ends"][number],
): AttemptEnd {
  const { now } = tale.model;
  return worker.end(claim, outcome, {
    ...startsAgo === null ? {} : { startedAt: now - ago - startsAgo },
    finishedAt: now - ago,
    chunks: writes ? [chunk(claim.token, 4 + pick % 2, `end-${now}`)] : [],
    outputBytes: pick,
  });
}

async function tickBoth(
  tale: Tale,
  member: Member,
  request: Partial<TickRequest>,
  random: number,
): Promise<void> {
  const { model, tally, scene } = tale;
  scene.random = random;
  const { worker } = member;
  const result = await (request.isBrief ? worker.tickBriefly(request) : worker.tick(request));
  const full = { ...NOTHING, ...request, worker: member.id };
  const expected = tickModel(model, full, random);
  compareClaims(result.claimed, expected, full.free.length);
  compareFirings(result, expected);
  const { claimed, cancelled, fired, ...rest } = result;
  const { begun: _, fired: __, ...expectedRest } = expected;
  assertSame(rest, expectedRest);
  assertSame(cancelled.toSorted(), cancelledTokens(model, member.id).toSorted());

  const tokens = full.ended.map(({ token }) => token);
  member.told.push(...member.mine.filter(({ token }) => tokens.includes(token)));
  member.mine = [...member.mine.filter(({ token }) => !tokens.includes(token)), ...claimed];
  member.due = result.dueSchedules;
  tally.event(result.evicted ? "tick of one that is gone" : "tick");
  const queues: readonly string[] | null = model.workers.find(member.id)?.queues ?? null;
  const isLeft = model.jobs.in("pending").some(({ job }) => queues?.includes(job.queue) ?? true);
  if (claimed.length < full.free.length && isLeft) tally.event("queue held jobs back");
  if (result.stale.length > 0) tally.event("tick with a stale end");
  for (const { skipped } of fired) tally.event(skipped === null ? "firing" : "firing skipped");
  if (full.firings.length > 0 && fired.length === 0) tally.event("firing of a schedule that moved");
}

const NOTHING = {
  ended: [],
  output: [],
  free: [],
  observed: new Map(),
  draining: false,
  buried: [],
  firings: [],
};

function compareClaims(claims: readonly Claim[], { begun }: ModelledTick, free: number): void {
  assertSame(
    claims.map(({ token: _, ...claim }) => claim),
    begun.map(({ job, runs: attempt, env, stdin }, i) => ({
      ...{ jobId: job.id, job: asClaimed(job), attempt, env, stdin, isAhead: i >= free },
    })),
  );
  nameAttempts(begun, claims);
}

function compareFirings({ fired }: TickResult, expected: ModelledTick): void {
  assertSame(
    fired.map(({ skipped: _, ...firing }) => firing),
    expected.fired.map(({ because: _, ...firing }) => firing),
  );
  for (const [i, { skipped }] of fired.entries()) {
    const { because } = expected.fired[i]!;
    const isNamed = because.some(({ job }) => skipped?.includes(`job ${job.id}`));
    assert.ok(because.length === 0 ? skipped === null : isNamed, String(skipped));
  }
}
