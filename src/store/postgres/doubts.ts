/**
 * What becomes of ticks of which nobody knows whether they were committed, since their answers were lost.
 *
 * @module
 */

import { EndedAttempts } from "../sql/ended_attempts.ts";
import { settleAttempt } from "../sql/settle.ts";
import { all, get, run, type Work } from "../sql/work.ts";
import type { AttemptEnd, AttemptRef, TickResult } from "../tick.ts";
import type { Connection } from "./connections.ts";
import { settledBefore } from "./settled_before.ts";
import type { Transactions } from "./transactions.ts";

/** What the ticks of this process may have claimed and settled. */
export class Doubts {
  readonly #transactions: Transactions;
  readonly #random: () => number;
  /** Tokens of what may have been claimed. */
  #doubtful: readonly string[] = [];
  /** Tokens of what may have been settled. */
  readonly #unsure = new Set<string>();
  /** Which ticks of a worker are not late; one that goes on under a new id begins with the first. */
  #session = { worker: "", number: 0 };

  /** @param random uniform in [0, 1), for jitter */
  constructor(transactions: Transactions, random: () => number) {
    this.#transactions = transactions;
    this.#random = random;
  }

  /** What was claimed with these tokens, or in reservations with these names, nobody runs. */
  add(tokens: readonly string[]): void {
    this.#doubtful = [...this.#doubtful, ...tokens];
  }

  /** These may have been settled. */
  addEnds(ended: readonly AttemptEnd[]): void {
    for (const { token } of ended) this.#unsure.add(token);
  }

  /** The session of a worker's next tick. */
  sessionOf(worker: string): number {
    return this.#session.worker === worker ? this.#session.number : 0;
  }

  /** The result of a tick with these ends, among which what an earlier one has settled is not stale. */
  async recognize(ended: readonly AttemptEnd[], result: TickResult): Promise<TickResult> {
    const known = this.#unsure.size === 0
      ? []
      : ended.filter(({ token }) => this.#unsure.delete(token));
    const ends = known.filter(({ token }) => result.stale.includes(token));
    if (ends.length === 0) return result;
    const before = await this.#transactions.do("reading", () => settledBefore(ends));
    const tokens = new Set(before.map(({ token }) => token));
    const stale = result.stale.filter((token) => !tokens.has(token));
    return { ...result, stale, settled: [...result.settled, ...before] };
  }

  /**
   * Gives back what was claimed by ticks that did not answer, and says whether there was any: then all reservations are
   * written out. Such a tick may even come to the server after this: it is of another session, and claims nothing.
   */
  async clear(connection: Connection, worker: string): Promise<boolean> {
    const { length } = this.#doubtful;
    if (length === 0) return false;
    const doubtful = JSON.stringify(this.#doubtful);
    const random = this.#random;
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
    // There may be more by now.
    this.#doubtful = this.#doubtful.slice(length);
    return true;
  }
}

/** From now on the worker's ticks are of this session. */
function* beginSession(worker: string): Work<number> {
  yield* run("UPDATE worker SET session = session + 1 WHERE id = ?", worker);
  const row = yield* get("SELECT session FROM worker WHERE id = ?", worker);
  return (row?.session ?? 0) as number;
}

/** The attempts of a worker whose tokens, or the names of whose reservations, are in a list, as JSON. */
function* selectClaimed(worker: string, tokens: string): Work<readonly AttemptRef[]> {
  const rows = yield* all(
    `SELECT id, token FROM job WHERE state = 'processing' AND worker_id = ? AND EXISTS (SELECT 1
      FROM json_each(?) WHERE value = token OR left(value, 24) = left(token, -12))`,
    worker,
    tokens,
  );
  return rows.map(({ id, token }) => ({ jobId: id as string, token: token as string }));
}
