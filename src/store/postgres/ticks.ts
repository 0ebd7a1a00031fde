/**
 * The ticks of this process: how much each has to look at, what follows from it, and what becomes of those of which
 * nobody knows whether they were committed.
 *
 * @module
 */

import { StoreError, UnknownOutcomeError } from "../../errors.ts";
import { importLater } from "../../lazy.ts";
import { EndedAttempts } from "../sql/ended_attempts.ts";
import { settleAttempt } from "../sql/settle.ts";
import { all, get, run, type Work } from "../sql/work.ts";
import type { AttemptRef, TickRequest, TickResult } from "../tick.ts";
import { addUpAll } from "./adding_up.ts";
import { Beginnings } from "./beginnings.ts";
import type { Connection } from "./connections.ts";
import { Dues } from "./dues.ts";
import { isRetriable, sqlState } from "./failure.ts";
import type { Schema } from "./migrate.ts";
import { Pace } from "../sql/pace.ts";
import { WRONG_VERSION } from "./preamble.ts";
import { settledBefore } from "./settled_before.ts";
import { type Care, type Surroundings, tick, type Ticked } from "./tick.ts";
import type { Transactions } from "./transactions.ts";

/** Of a second tick, which only claims. */
const NOTHING_ENDED = { ended: [], output: [], firings: [], buried: [] } as const;

/**
 * Of a crowd each worker looks at the others less often, the more there are: every 5 s where there are 200. Else each
 * full tick of each of them would read the rows of all, and they see the same.
 */
const CROWD = 50;
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

/** Does the ticks of workers. */
export class Ticks {
  readonly #transactions: Transactions;
  readonly #schema: Schema;
  readonly #env: Surroundings;
  readonly #ring: () => void;
  readonly #beginnings = new Beginnings(() => performance.now());
  readonly #dues = new Dues(() => performance.now());
  readonly #adding = new Pace();
  /** When the other workers are looked at again. */
  #looksAt = -Infinity;
  /** Whether limits had to be looked at the last time. */
  #isLimited = false;
  /** Tokens of what ticks may have claimed of which nobody knows whether they were committed. */
  #doubtful: readonly string[] = [];
  /** Tokens of what ticks may have settled. */
  readonly #unsure = new Set<string>();
  /** Which ticks of a worker are not late; one that goes on under a new id begins with the first. */
  #session = { worker: "", number: 0 };

  constructor({ transactions, schema, env, ring }: TicksOptions) {
    this.#transactions = transactions;
    this.#schema = schema;
    this.#env = env;
    this.#ring = ring;
  }

  /** As `Store.tick`. */
  async tick(ask: () => TickRequest): Promise<TickResult> {
    let asked: TickRequest | null = null;
    const first = await this.#tick(
      () => asked ??= ask(),
      (request) => isForAlone(request) ? "alone" : this.#isLimited ? "close" : "plain",
    );
    try {
      return await this.#complete(asked!, await this.#recognize(asked!, first));
    } catch (error) {
      if (!(error instanceof StoreError)) {
        this.#doubtful = [...this.#doubtful, ...first.result.claimed.map(({ token }) => token)];
        throw error;
      }
      // What it was given and what is settled is so: the worker learns it, and comes again at once.
      return { ...first.result, nextDueIn: 0 };
    }
  }

  /** What an earlier tick has settled, without an answer, is not stale. */
  async #recognize<T extends Ticked>({ ended }: TickRequest, ticked: T): Promise<T> {
    const { result } = ticked;
    const known = this.#unsure.size === 0
      ? []
      : ended.filter(({ token }) => this.#unsure.delete(token));
    const ends = known.filter(({ token }) => result.stale.includes(token));
    if (ends.length === 0) return ticked;
    const before = await this.#transactions.do("reading", () => settledBefore(ends));
    const tokens = new Set(before.map(({ token }) => token));
    const stale = result.stale.filter((token) => !tokens.has(token));
    return { ...ticked, result: { ...result, stale, settled: [...result.settled, ...before] } };
  }

  /** What is done after a tick that was committed. */
  async #complete(
    request: TickRequest,
    first: Ticked & { readonly care: Care },
  ): Promise<TickResult> {
    let { result, hasMadeWork } = first;
    const isToTell = first.isToTell && first.care !== "alone";
    const isToLimit = first.isLimited && first.care === "plain";
    if (isToTell || isToLimit || first.isShort) {
      const rest: TickRequest = {
        ...request,
        ...NOTHING_ENDED,
        ...placesLeft(request, result.claimed.length),
        isBrief: true,
      };
      const care = isToTell ? "alone" : first.isLimited ? "close" : "plain";
      const second = await this.#tick(() => rest, () => care);
      hasMadeWork ||= second.hasMadeWork;
      const { claimed, cancelled, nextDueIn, evicted } = second.result;
      result = {
        ...result,
        claimed: [...result.claimed, ...claimed],
        ...{ cancelled, nextDueIn, evicted },
      };
    }
    if (first.hasFirings) {
      const { now } = result;
      const { dueSchedules } = await importLater<typeof import("../sql/schedules.ts")>(
        "store/sql/schedules",
      );
      result = {
        ...result,
        dueSchedules: await this.#transactions.do("reading", () => dueSchedules(now)),
      };
    }
    if (first.isMuch) await this.#transactions.do("together", addUpAll);
    if (hasMadeWork) this.#ring();
    return result;
  }

  #tick(
    ask: () => TickRequest,
    careOf: (request: TickRequest) => Care,
  ): Promise<Ticked & { readonly care: Care }> {
    return this.#transactions.use(async (connection) => {
      const request = ask();
      const { worker } = request;
      if (this.#doubtful.length > 0) await this.#clearDoubt(connection, worker);
      const care = careOf(request);
      const tokens: string[] = [];
      const newToken = () => {
        const token = this.#env.newToken();
        tokens.push(token);
        return token;
      };
      const how = {
        ...{ care, session: this.#sessionOf(worker), stand: this.#schema.stand },
        ...{ beginnings: this.#beginnings, dues: this.#dues, adding: this.#adding },
        looksAtPeers: !request.isBrief && performance.now() >= this.#looksAt,
        env: { ...this.#env, newToken },
      };
      try {
        const ticked = await this.#transactions.within(
          connection,
          care === "alone" ? "alone" : "together",
          (transaction) => tick(transaction, request, how),
        );
        this.#isLimited = ticked.isLimited;
        const { length: peers } = ticked.result.peers ?? [];
        if (peers > CROWD) this.#looksAt = performance.now() + peers * LOOK_DISTANCE;
        return { ...ticked, care };
      } catch (error) {
        // What it found is still there.
        this.#beginnings.forget();
        if (sqlState(error) === WRONG_VERSION) {
          const { rows } = await connection.query(this.#schema.preamble.moment);
          await this.#schema.require(rows[0]!, connection);
        }
        if (error instanceof UnknownOutcomeError) {
          for (const { token } of request.ended) this.#unsure.add(token);
        }
        // Unless the server took it back, it may have been committed all the same.
        if (!isRetriable(error)) this.#doubtful = [...this.#doubtful, ...tokens];
        throw error;
      }
    });
  }

  #sessionOf(worker: string): number {
    return this.#session.worker === worker ? this.#session.number : 0;
  }

  /**
   * Gives back what was claimed by ticks that did not answer. Such a tick may even come to the server after this:
   * it is of another session, and claims nothing.
   */
  async #clearDoubt(connection: Connection, worker: string): Promise<void> {
    const doubtful = JSON.stringify(this.#doubtful);
    const { random } = this.#env;
    const number = await this.#transactions.doOn(connection, "alone", function* (now) {
      const session = yield* beginSession(worker);
      for (const attempt of yield* selectClaimed(worker, doubtful)) {
        const end = {
          ...attempt,
          outcome: { kind: "unclaimed" },
          finishedAt: now,
          chunks: [],
          outputBytes: 0,
        } as const;
        yield* settleAttempt(end, new EndedAttempts(), now, random);
      }
      return session;
    });
    this.#session = { worker, number };
    this.#doubtful = [];
  }
}

/** The places of a worker behind the first, which are given away in order. */
function placesLeft({ free, ahead = [] }: TickRequest, given: number) {
  return { free: free.slice(given), ahead: ahead.slice(Math.max(0, given - free.length)) };
}

/** Such a tick changes more than its own jobs. */
function isForAlone({ buried, firings = [] }: TickRequest): boolean {
  return buried.length > 0 || firings.length > 0;
}

/** From now on the worker's ticks are of this session. */
function* beginSession(worker: string): Work<number> {
  yield* run("UPDATE worker SET session = session + 1 WHERE id = ?", worker);
  const row = yield* get("SELECT session FROM worker WHERE id = ?", worker);
  return (row?.session ?? 0) as number;
}

/** The attempts of a worker whose tokens are in a list, as JSON. */
function* selectClaimed(worker: string, tokens: string): Work<readonly AttemptRef[]> {
  const rows = yield* all(
    `SELECT id, token FROM job WHERE state = 'processing' AND worker_id = ?
      AND token IN (SELECT value FROM json_each(?))`,
    worker,
    tokens,
  );
  return rows.map(({ id, token }) => ({ jobId: id as string, token: token as string }));
}
