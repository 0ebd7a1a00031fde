/**
 * A worker's tick. Most take one round trip: settle what completed, promote what is due, claim, commit. Only where
 * more has to be thought about are answers waited for in between.
 *
 * @module
 */

import type { AttemptEnd, Settled, TickRequest, TickResult } from "../tick.ts";
import type { StopRequest } from "../workers.ts";
import { EndedAttempts } from "../sql/ended_attempts.ts";
import { tellDependents } from "../sql/telling.ts";
import { queuesFromRow } from "../sql/rows.ts";
import { fire } from "../sql/schedules.ts";
import { settleAttempt } from "../sql/settle.ts";
import type { Row } from "../sql/work.ts";
import { buryWorker, observePeers } from "../sql/workers.ts";
import type { Beginnings } from "./beginnings.ts";
import { type Claimed, claimPlainly, NOTHING, type Terms } from "./claim.ts";
import { claimClosely } from "./claim_closely.ts";
import { IS_MUCH } from "./adding_up.ts";
import type { Dues } from "./dues.ts";
import type { Pace } from "../sql/pace.ts";
import { completeAttempts, completeReserved, type Ends, isPlain, storeOutput } from "./complete.ts";
import {
  beginWith,
  type Plan,
  type Reservation,
  type Reservations,
  reserve,
  type Reserving,
} from "./reservations.ts";
import type { Stand } from "./migrate.ts";
import type { Transaction } from "./transaction.ts";

/** What the store takes from outside, so that tests can hold it still. */
export interface Surroundings {
  /** Milliseconds since the epoch; null: the clock of the server. */
  readonly now: (() => number) | null;
  /** Uniform in [0, 1), for jitter. */
  readonly random: () => number;
  /** A name for an attempt that nobody can guess. */
  readonly newToken: () => string;
  /** When workers reserve jobs; that of `reservations.ts` if absent. */
  readonly reserving?: Reserving;
}

/** A storm of due jobs is promoted in portions, so that no tick takes long. */
const PROMOTIONS_PER_TICK = 1000;

/** So are the dependents of jobs that have ended told, while nobody else ticks: each costs the server 50 to 80 µs. */
const TOLD_PER_TICK = 500;

const GREET =
  `UPDATE worker SET heartbeat = heartbeat + 1, heartbeat_at = clock_now(), draining = $2,
    slots = coalesce($3, slots) WHERE id = $1
  RETURNING host, queues, stop_request, slots_request`;

/** Milliseconds since a statement began: what it has looked at up to there took so long. */
const TOOK = "extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000";

const PROMOTE = `SELECT promote_due(${PROMOTIONS_PER_TICK}, $1) AS promoted, ${TOOK} AS took`;

/** What a tick tells at its end; `$2` says that nothing is added up, and `$3` from where on jobs are due. */
const REST = `SELECT
  (SELECT json_agg(token)::text FROM job WHERE cancel_requested = 1 AND worker_id = $1) AS cancelled,
  EXISTS (SELECT FROM ended_parent) AS is_to_tell,
  $2::int = 0 AND ${IS_MUCH} AS is_much, ${TOOK} AS much_took,
  (SELECT run_at FROM job WHERE (state = 'scheduled' OR state = 'failed') AND run_at >= $3
    ORDER BY run_at LIMIT 1) AS due_at, ${TOOK} AS due_took, clock_now() AS now,
  (SELECT last_value FROM job_seq_seq) AS newest,
  EXISTS (SELECT FROM schedule WHERE paused = 0 AND next_at <= clock_now()) AS has_firings,
  (SELECT next_at FROM schedule WHERE paused = 0 AND next_at > clock_now() ORDER BY next_at LIMIT 1)
    - clock_now() AS fires_in`;

/** A tick's answer, and what only the adapter needs to know. */
export interface Ticked {
  readonly result: TickResult;
  /** There is work now that was not there before, so the other workers are to be rung. */
  readonly hasMadeWork: boolean;
  /** Dependents are to be told that their parents have ended, which is done alone. */
  readonly isToTell: boolean;
  /** Whether what there is to claim has to be looked at closely. */
  readonly isLimited: boolean;
  /** Not every job was looked at, and places are left. */
  readonly isShort: boolean;
  /** Jobs are due that it has not promoted, since it did not know of them. */
  readonly isOverdue: boolean;
  /** There is enough to be added up. */
  readonly isMuch: boolean;
  /** As {@linkcode Claimed.isReserved}. */
  readonly isReserved: boolean;
  /** What it has done with the worker's reservations. */
  readonly plan: Plan;
  /** What it has claimed by reserving it; null if it has not tried. */
  readonly reservation: Reservation | null;
  /** Schedules are due. */
  readonly hasFirings: boolean;
}

/** How much a tick looks at. */
export type Care =
  /** Nothing is claimed if a queue has a limit or a rate, or somebody is to be told of a parent's end. */
  | "plain"
  /** Limits and rates are looked at. */
  | "close"
  /** That, and what is done alone, in a transaction that is. */
  | "alone";

/** Within a transaction: the whole tick, with its commit. */
export async function tick(
  transaction: Transaction,
  request: TickRequest,
  {
    env,
    care,
    session,
    stand,
    beginnings,
    dues,
    adding,
    reservations,
    reserves,
    looksAtPeers,
    whenSent,
  }: {
    readonly env: Surroundings;
    /** All of it was sent, and more can be sent behind it. */
    readonly whenSent: () => void;
    /** Whether it claims by reserving, while nobody else claims. */
    readonly reserves: boolean;
    /** Whether the other workers are looked at. */
    readonly looksAtPeers: boolean;
    /** Where plain ticks look for jobs. */
    readonly beginnings: Beginnings;
    /** What the worker has reserved; it is told nothing until the tick is committed. */
    readonly reservations: Reservations;
    /** From where on jobs are due. */
    readonly dues: Dues;
    /** When it is looked whether there is much to be added up. */
    readonly adding: Pace;
    readonly care: Care;
    /** Which of the worker's ticks are not late. */
    readonly session: number;
    /** Of the schema: in another one the tick fails with `WRONG_VERSION` of `preamble.ts`. */
    readonly stand: Stand;
  },
): Promise<Ticked> {
  const moment = transaction.momentOf(request.worker, stand);
  const self = request.isBrief ? moment.then(({ self }) => self) : greet(transaction, request);
  const plain = plainOf(request.ended);
  const plan = reservations.plan(request, plain, care === "alone");
  beginWith(transaction, plan);
  const reserved = completeReserved(transaction, request.worker, plan);
  const others = [...plain.difference(plan.completed)];
  storeOutput(transaction, [
    ...request.output,
    ...others.flatMap(({ jobId, token, chunks }) =>
      chunks.map((chunk) => ({ jobId, token, chunk }))
    ),
  ]);
  const completed = completeAttempts(transaction, others);
  const odd = plain.size === request.ended.length
    ? []
    : request.ended.filter((end) => !plain.has(end));
  const settled = settleOthers(transaction, odd, env, moment);
  // What is not waited for goes along with what follows; if it fails the commit says so.
  silence(moment, self, reserved, completed, settled);
  // Whoever is buried has nothing left that runs, and who waits is told of all that has ended.
  if (odd.length > 0) await settled;
  const alone = care === "alone"
    ? await doAlone(transaction, request, await moment)
    : NOTHING_ALONE;
  const since = dues.since();
  // Who claims otherwise might take what comes after a job that is due; a reservation holds none as long as one is.
  const promotes = !(reserves || hasNoPlaces(request)) || dues.mayBeDue;
  const promoted = promotes ? promote(transaction, since) : Promise.resolve(null);
  const terms = { session, newToken: env.newToken, beginnings };
  const reservation = reserves
    ? reserve(transaction, request, { ...terms, isKept: true })
    : Promise.resolve(null);
  const claimed = reserves
    ? reservation.then(claimedBy)
    : care === "plain"
    ? claimPlainly(transaction, request, terms)
    : claimWithCare(transaction, request, { ...terms, care }, self);
  silence(promoted, reservation, claimed);
  if (care !== "plain") await claimed;
  const adds = !request.isBrief && adding.isTime;
  const rest = transaction.rows(REST, request.worker, adds ? 0 : 1, since);
  silence(rest);
  const peers = looksAtPeers ? transaction.do(observePeers(request)) : Promise.resolve(null);
  silence(peers);
  // What it has seen of them can be written down only when their hearts are known.
  if (request.observed.size > 0) await peers;
  const committed = transaction.commit();
  whenSent();
  await committed;
  noteLooks(dues, since, await promoted, (await rest)[0]!);
  if (adds) adding.note((await rest)[0]!.much_took as number, (await rest)[0]!.newest as number);
  return answer(request, {
    ...{ now: (await moment).now, self: await self, plan, reservation: await reservation },
    ends: [await reserved, await completed, await settled],
    ...{ alone, promoted: await promoted },
    ...{ claimed: await claimed, rest: (await rest)[0]!, peers: await peers },
  });
}

/** Both the promotion and the last look go over the jobs that are due. */
function noteLooks(dues: Dues, since: number, promoted: Row | null, rest: Row): void {
  const looked = (rest.due_took as number) - (rest.much_took as number);
  const took = looked + (promoted === null ? 0 : promoted.took as number);
  dues.note(since, {
    ...{ took, jobs: rest.newest as number },
    ...{ now: rest.now as number, nextAt: rest.due_at as number | null },
  });
}

/** Those that a statement settles together, before all others: of two ends of one attempt the first counts. */
function plainOf(ended: readonly AttemptEnd[]): Set<AttemptEnd> {
  const tokens = new Set<string>();
  return new Set(
    ended.filter((end) => tokens.size < tokens.add(end.token).size && isPlain(end)),
  );
}

function silence(...sent: readonly (Promise<unknown> | object)[]): void {
  for (const one of sent) if (one instanceof Promise) one.catch(() => {});
}

async function greet(
  transaction: Transaction,
  { worker, draining, slots }: TickRequest,
): Promise<Row | null> {
  const [self] = await transaction.rows(GREET, worker, draining ? 1 : 0, slots ?? null);
  return self ?? null;
}

function hasNoPlaces({ free, ahead = [] }: TickRequest): boolean {
  return free.length + ahead.length === 0;
}

async function promote(transaction: Transaction, since: number): Promise<Row> {
  return (await transaction.rows(PROMOTE, since))[0]!;
}

async function claimWithCare(
  transaction: Transaction,
  request: TickRequest,
  { care, ...terms }: Terms & { readonly care: Care },
  self: Promise<Row | null>,
): Promise<Claimed> {
  const row = await self;
  if (row === null) return NOTHING;
  const tellsFirst = care !== "alone";
  return await claimClosely(transaction, request, {
    ...{ ...terms, queues: queuesFromRow(row), tellsFirst },
  });
}

function claimedBy(reservation: Reservation | null): Claimed {
  return { ...NOTHING, claims: [...reservation?.claims ?? []] };
}

/** Settles those that did not simply complete, one by one; null where the job has moved on. */
async function settleOthers(
  transaction: Transaction,
  ended: readonly AttemptEnd[],
  { random }: Surroundings,
  moment: Promise<{ readonly now: number }>,
): Promise<Ends> {
  const settled = new Map<AttemptEnd, Settled>();
  if (ended.length === 0) return settled;
  const { now } = await moment;
  const noted = new EndedAttempts();
  for (const end of ended) {
    const one = await transaction.do(settleAttempt(end, noted, now, random));
    if (one !== null) settled.set(end, one);
  }
  await transaction.do(noted.store());
  return settled;
}

const NOTHING_ALONE = { fired: [], ready: 0, isBehind: false } as const;

/** What changes more than the worker's own jobs. */
async function doAlone(
  transaction: Transaction,
  request: TickRequest,
  { now }: { readonly now: number },
) {
  for (const worker of request.buried) await transaction.do(buryWorker(worker));
  const { ready, isDone } = await transaction.do(tellDependents(now, TOLD_PER_TICK));
  const fired: TickResult["fired"][number][] = [];
  for (const firing of request.firings ?? []) {
    fired.push(...await transaction.do(fire(firing, now)));
  }
  return { fired, ready, isBehind: !isDone };
}

function answer(request: TickRequest, tick: {
  readonly now: number;
  readonly self: Row | null;
  readonly plan: Plan;
  readonly reservation: Reservation | null;
  readonly ends: readonly [reserved: Ends, completed: Ends, others: Ends];
  readonly alone: { fired: TickResult["fired"]; ready: number; isBehind: boolean };
  readonly promoted: Row | null;
  readonly claimed: Claimed;
  readonly rest: Row;
  readonly peers: TickResult["peers"];
}): Ticked {
  const { now, self, alone, claimed, rest } = tick;
  const [reserved, completed, others] = tick.ends;
  const settled = request.ended
    .map((end) => reserved.get(end) ?? completed.get(end) ?? others.get(end))
    .filter((end) => end !== undefined);
  const stale = settled.length === request.ended.length
    ? []
    : request.ended.filter((end) => !tick.ends.some((ends) => ends.has(end)));
  const isBehind = alone.isBehind || tick.promoted?.promoted === PROMOTIONS_PER_TICK;
  return {
    result: {
      claimed: claimed.claims,
      settled,
      stale: stale.map(({ token }) => token),
      cancelled: rest.cancelled === null ? [] : JSON.parse(rest.cancelled as string),
      stopRequest: (self?.stop_request ?? null) as StopRequest | null,
      slotsRequest: (self?.slots_request ?? null) as number | null,
      dueSchedules: [],
      fired: alone.fired,
      now,
      evicted: self === null,
      peers: tick.peers,
      nextDueIn: isBehind ? 0 : soonest(
        rest.due_at === null ? null : Math.max(0, (rest.due_at as number) - (rest.now as number)),
        claimed.rateOpensIn,
        rest.fires_in as number | null,
      ),
    },
    hasMadeWork: alone.ready > 0 || alone.fired.some(({ jobId }) => jobId !== null) ||
      settled.some(({ state }) => state === "pending"),
    isToTell: rest.is_to_tell === 1,
    isLimited: claimed.isLimited,
    isShort: claimed.isShort,
    isReserved: claimed.isReserved,
    isOverdue: tick.promoted === null && rest.due_at !== null &&
      (rest.due_at as number) <= (rest.now as number),
    ...{ plan: tick.plan, reservation: tick.reservation },
    isMuch: rest.is_much === 1,
    hasFirings: rest.has_firings === 1,
  };
}

function soonest(...times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}
