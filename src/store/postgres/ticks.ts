/**
 * The ticks of this process: how much each has to look at, what follows from it, and what becomes of those of which
 * nobody knows whether they were committed.
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import { importLater } from "../../lazy.ts";
import type { Claim, TickRequest, TickResult } from "../tick.ts";
import { addUpAll } from "./adding_up.ts";
import { Doubts } from "./doubts.ts";
import { Dues } from "./dues.ts";
import type { Schema } from "./migrate.ts";
import { Pace } from "../sql/pace.ts";
import type { Reservation } from "./reservations.ts";
import { Reserver } from "./reserver.ts";
import { type Care, type Surroundings, tick, type Ticked } from "./tick.ts";
import type { Transactions } from "./transactions.ts";

/** Of a second tick, which only claims. */
const NOTHING_ENDED = { ended: [], output: [], firings: [], buried: [] } as const;

/**
 * Of a crowd each worker looks at the others less often, the more there are: every 5 s where there are 200. Else each
 * full tick of each of them would read the rows of all, and they see the same.
 */
const CROWD = 50;
/**
 * With so many others, a worker does one thing after the other, on one connection: a second one would cost the server more
 * than it brings, 7 % of the jobs of four workers on two cores. Of one worker it brings 17 %.
 */
const SEVERAL = 3;
/** Milliseconds for each worker that is there. */
const LOOK_DISTANCE = 25;

/** What ticks work with. */
export interface TicksOptions {
  readonly transactions: Transactions;
  readonly schema: Schema;
  readonly env: Surroundings;
  /** There is work that was not there before. */
  readonly ring: () => void;
}

/** A tick, and in what manner it was done. */
interface Tried extends Ticked {
  readonly care: Care;
  /** It has claimed nothing, since the places of the worker are filled by a reservation at the same time. */
  readonly reserving: Promise<Reservation> | null;
  /** There is more to claim than a reservation could hold. */
  readonly isLeft: boolean;
}

/** Does the ticks of workers. */
export class Ticks {
  readonly #transactions: Transactions;
  readonly #schema: Schema;
  readonly #env: Surroundings;
  readonly #ring: () => void;
  readonly #reserver: Reserver;
  readonly #dues = new Dues(() => performance.now());
  readonly #adding = new Pace();
  /** When the other workers are looked at again. */
  #looksAt = -Infinity;
  /** The server has others to work for at the same time. */
  #isCrowded = true;
  /** Whether limits had to be looked at the last time. */
  #isLimited = false;
  readonly #doubts: Doubts;

  constructor({ transactions, schema, env, ring }: TicksOptions) {
    this.#transactions = transactions;
    this.#schema = schema;
    this.#env = env;
    this.#ring = ring;
    const doubts = new Doubts(transactions, env.random);
    this.#doubts = doubts;
    this.#reserver = new Reserver({ transactions, schema, env, doubts });
  }

  /** As `Store.tick`. */
  async tick(ask: () => TickRequest): Promise<TickResult> {
    let asked: TickRequest | null = null;
    let first = await this.#tick(
      () => asked ??= ask(),
      (request) => isForAlone(request) ? "alone" : this.#isLimited ? "close" : "plain",
    );
    try {
      first = await this.#withReserved(asked!, first);
      first = await this.#reserveRest(asked!, first);
      first = { ...first, result: await this.#doubts.recognize(asked!.ended, first.result) };
      first = await this.#claimRest(asked!, first);
      return await this.#complete(first);
    } catch (error) {
      if (!(error instanceof StoreError)) {
        this.#doubts.add(tokensOf(first.result.claimed));
        throw error;
      }
      // What it was given and what is settled is so: the worker learns it, and comes again at once.
      return { ...first.result, nextDueIn: 0 };
    }
  }

  /** With what was reserved meanwhile. */
  async #withReserved(request: TickRequest, first: Tried): Promise<Tried> {
    if (first.reserving === null) return first;
    const reservation = await orNull(first.reserving);
    // Then it is tried otherwise.
    if (reservation === null) return { ...first, isLeft: true };
    if (first.result.evicted) {
      this.#doubts.add(tokensOf(reservation.claims));
      return first;
    }
    return withClaims(request, first, reservation);
  }

  /**
   * With what is claimed beside what others have reserved, so that they need not write it out. What was in the way of a
   * reservation that was made at the same time as the tick is often done by now, such as what was due.
   */
  async #reserveRest(request: TickRequest, first: Tried): Promise<Tried> {
    const { reservations, looksAreShort } = this.#reserver;
    if (!(first.isReserved || first.isLeft) || isToTell(first) || !looksAreShort) return first;
    // It is as it was a moment before.
    if (first.reservation?.claims.length === 0) {
      reservations.pause();
      return first;
    }
    const rest = { ...request, ...placesLeft(request, first.result.claimed.length) };
    const reservation = await orNull(this.#reserver.reserve(rest, { own: null, isKept: false }));
    if (reservation === null) return { ...first, isLeft: true };
    const reserved = withClaims(request, { ...first, isReserved: false }, reservation);
    if (reserved.isLeft) reservations.pause();
    return reserved;
  }

  #notePeers(peers: number): void {
    this.#isCrowded = peers >= SEVERAL;
    if (peers > CROWD) this.#looksAt = performance.now() + peers * LOOK_DISTANCE;
  }

  /** With what a second tick claims, which looks closer than the first one. */
  async #claimRest(request: TickRequest, first: Tried): Promise<Tried> {
    const isToLimit = first.isLimited && first.care === "plain";
    const isForAll = isToTell(first) || first.isReserved || first.isLeft;
    if (!isForAll && !isToLimit && !first.isShort && !first.isOverdue) return first;
    const rest: TickRequest = {
      ...request,
      ...NOTHING_ENDED,
      ...placesLeft(request, first.result.claimed.length),
      isBrief: true,
    };
    const care = isForAll ? "alone" : first.isLimited ? "close" : "plain";
    const second = await this.#tick(() => rest, () => care, false);
    const { claimed, cancelled, nextDueIn, evicted } = second.result;
    return {
      ...first,
      hasMadeWork: first.hasMadeWork || second.hasMadeWork,
      result: {
        ...first.result,
        claimed: [...first.result.claimed, ...claimed],
        ...{ cancelled, nextDueIn, evicted },
      },
    };
  }

  /** What is done after a tick that was committed. */
  async #complete({ hasFirings, isMuch, hasMadeWork, result }: Tried): Promise<TickResult> {
    let dueSchedules = result.dueSchedules;
    if (hasFirings) {
      const { now } = result;
      const schedules = await importLater<typeof import("../sql/schedules.ts")>(
        "store/sql/schedules",
      );
      dueSchedules = await this.#transactions.do(
        "reading",
        () => schedules.dueSchedules(now),
        "blind",
      );
    }
    if (isMuch) await this.#transactions.do("together", addUpAll, "blind");
    if (hasMadeWork) this.#ring();
    return { ...result, dueSchedules };
  }

  async #tick(
    ask: () => TickRequest,
    careOf: (request: TickRequest) => Care,
    mayReserve = true,
  ): Promise<Tried> {
    // One for all tries: what was reserved stays so, whatever becomes of what else the tick does.
    let reserving: Promise<Reservation> | null = null;
    const { reservations, beginnings } = this.#reserver;
    try {
      return await this.#transactions.use(async (connection) => {
        const asked = ask();
        const { worker } = asked;
        if (await this.#doubts.clear(connection, worker)) reservations.forget();
        const care = careOf(asked);
        const isToReserve = mayReserve && care === "plain" && this.#reserver.looksAreShort &&
          reservations.isFor(asked);
        const reserves = isToReserve && reserving === null && !isToSettle(asked);
        const onlySettles = reserving !== null || isToReserve && !reserves;
        const own = this.#isCrowded ? connection : null;
        const reserveBesides = () => {
          if (onlySettles) reserving ??= this.#reserver.reserve(asked, { own });
          reserving?.catch(() => {});
        };
        if (own === null) reserveBesides();
        const request = onlySettles ? { ...asked, free: [], ahead: [] } : asked;
        const company = care === "alone"
          ? care
          : reserves
          ? "reserving"
          : onlySettles
          ? "settling"
          : "together";
        const how = {
          ...{ care, session: this.#doubts.sessionOf(worker), stand: this.#schema.stand },
          ...{ beginnings, dues: this.#dues, adding: this.#adding, reservations, reserves },
          looksAtPeers: !request.isBrief && performance.now() >= this.#looksAt,
        };
        const trying = this.#reserver.try(connection, request, (newToken) => {
          const env = { ...this.#env, newToken };
          return this.#transactions.within(
            connection,
            company,
            (transaction) => tick(transaction, request, { ...how, env, whenSent: reserveBesides }),
          );
        });
        // What goes on on this connection is waited for; another one may be waited for by whoever needs this one.
        const done = trying.finally(() => own === null ? null : Promise.allSettled([reserving]));
        const ticked = await (reserves ? this.#reserver.orOtherwise(done) : done);
        reservations.done(ticked.plan);
        if (ticked.reservation !== null) reservations.note(ticked.reservation.jobs);
        this.#isLimited = ticked.isLimited;
        if (ticked.result.peers !== null) this.#notePeers(ticked.result.peers.length);
        return { ...ticked, care, reserving, isLeft: isLeft(asked, ticked) };
      });
    } catch (error) {
      const reserved = await (reserving as Promise<Reservation> | null)?.catch(() => null);
      this.#doubts.add(tokensOf(reserved?.claims ?? []));
      throw error;
    }
  }
}

function tokensOf(claims: readonly Claim[]): readonly string[] {
  return claims.map(({ token }) => token);
}

/** The places of a worker behind the first, which are given away in order. */
function placesLeft({ free, ahead = [] }: TickRequest, given: number) {
  return { free: free.slice(given), ahead: ahead.slice(Math.max(0, given - free.length)) };
}

/** With what was reserved. */
function withClaims(request: TickRequest, tried: Tried, reservation: Reservation): Tried {
  const claimed = [...tried.result.claimed, ...reservation.claims];
  const result = { ...tried.result, claimed };
  return { ...tried, result, isLeft: isLeft(request, { result, reservation }) };
}

/** Whether places are left for which there are jobs that cannot be reserved. */
function isLeft(
  { free, ahead = [] }: TickRequest,
  { result: { claimed }, reservation }: Pick<Ticked, "result" | "reservation">,
): boolean {
  return reservation !== null && claimed.length < free.length + ahead.length && !reservation.isAll;
}

/** Such a tick takes a while, in which others reserve. */
function isToSettle({ ended, output }: TickRequest): boolean {
  return ended.length > 0 || output.length > 0;
}

/** Null if the store does not do it now. */
async function orNull<T>(reserving: Promise<T>): Promise<T | null> {
  try {
    return await reserving;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return null;
  }
}

/** Whether somebody is to be told of a parent's end, which that tick could not do. */
function isToTell({ isToTell, care }: Tried): boolean {
  return isToTell && care !== "alone";
}

/** Such a tick changes more than its own jobs. */
function isForAlone({ buried, firings = [] }: TickRequest): boolean {
  return buried.length > 0 || firings.length > 0;
}
