/**
 * By which index the jobs of a filter are gone through, in each of the orders.
 *
 * @module
 */

import { FINAL_STATES, type State } from "../../job/state.ts";
import { UsageError } from "../../errors.ts";
import type { JobSort, PageFilter } from "../paging.ts";
import type { Database, SqlValue } from "./database.ts";
import { PRIORITIES } from "./listing.ts";
import { clauses } from "./queries.ts";
import type { Key, Lane } from "./walk.ts";

/** An order: how keys compare, and where the list begins. */
interface Order {
  readonly compare: (a: Key, b: Key) => number;
  readonly start: Key;
}

const FIRST = Number.MIN_SAFE_INTEGER;
const LAST = Number.MAX_SAFE_INTEGER;

/** Of each sort. By arrival a key is its number twice, so that all keys look alike. */
export const ORDERS: Readonly<Record<JobSort, Order>> = {
  newest: { compare: (a, b) => b[1] - a[1], start: [LAST, LAST] },
  oldest: { compare: (a, b) => a[1] - b[1], start: [FIRST, FIRST] },
  finished: { compare: (a, b) => b[0] - a[0] || b[1] - a[1], start: [LAST, LAST] },
  priority: { compare: (a, b) => b[0] - a[0] || a[1] - b[1], start: [LAST, FIRST] },
};

/** What a walk looks for. */
export interface WalkFilter extends PageFilter {
  /** All but this one, by its number of arrival. */
  readonly except?: number;
}

/** The states that there are in an order; all if it is not named. */
const STATES_OF: { readonly [sort in JobSort]?: readonly State[] } = {
  finished: FINAL_STATES,
  priority: ["pending"],
};

/**
 * A filter with the states that an order asks for.
 *
 * @throws {UsageError} if the filter names others
 */
export function withStates(filter: PageFilter, sort: JobSort): PageFilter {
  const allowed = STATES_OF[sort];
  if (allowed === undefined) return filter;
  const { states = allowed } = filter;
  const wrong = states.find((state) => !allowed.includes(state));
  if (wrong === undefined) return { ...filter, states };
  const list = new Intl.ListFormat("en", { type: "disjunction" }).format(allowed);
  throw new UsageError(`Sorting by ${sort} is for jobs that are ${list}, not ${wrong}`);
}

/** The lanes in which the jobs of a filter {@linkcode withStates} are. */
export function lanesOf(db: Database, filter: WalkFilter, sort: JobSort): Lane[] {
  const states = filter.states && [...new Set(filter.states)];
  if (states?.length === 0) return [];
  if (sort === "finished") return states!.map((state) => endedLane(db, filter, state));
  if (sort === "priority") {
    return pendingQueues(db, filter.queue).map((queue) => claimLane(db, filter, queue));
  }
  const direction = sort === "newest" ? NEWEST : OLDEST;
  // Of a queue it is known in which states it has jobs at all.
  const among = filter.queue === undefined ? states : statesOfQueue(db, filter.queue, states);
  if (among === undefined) return [lane(db, filter, "job NOT INDEXED", [], direction)];
  return among.flatMap((state) => {
    if (state === "pending" && filter.queue !== undefined) {
      return levelLanes(db, filter, filter.queue, direction);
    }
    return [stateLane(db, filter, state, direction)];
  });
}

/** By arrival. */
interface Direction {
  readonly after: string;
  readonly order: string;
}
const NEWEST: Direction = { after: "seq < ?", order: "seq DESC" };
const OLDEST: Direction = { after: "seq > ?", order: "seq" };

type Condition = readonly [sql: string, ...values: SqlValue[]];

/** Part of an index that is in order of arrival. */
function lane(
  db: Database,
  filter: WalkFilter,
  from: string,
  within: readonly Condition[],
  { after, order }: Direction,
): Lane {
  const { fits, values } = fitting(filter);
  const where = [...within.map(([sql]) => sql), after].join(" AND ");
  const sql =
    `SELECT seq, ${fits} AS fits FROM ${from} WHERE ${where} ORDER BY ${order} LIMIT ? + 0`;
  return {
    look: ([, seq], count) =>
      db.all(sql, ...values, ...within.flatMap(([, ...values]) => values), seq, count).map((
        row,
      ) => ({
        key: [row.seq as number, row.seq as number],
        fits: row.fits === 1,
      })),
  };
}

/** The jobs of a state by arrival. */
function stateLane(db: Database, filter: WalkFilter, state: State, direction: Direction): Lane {
  if (state !== "processing") {
    return lane(db, filter, "job INDEXED BY job_state", [["state = ?", state]], direction);
  }
  // No more than there are slots: they are sorted.
  return lane(db, filter, "job INDEXED BY job_running", [["state = 'processing'"]], direction);
}

/** The pending jobs of a queue by arrival: the index that claims read has each priority in its order. */
function levelLanes(
  db: Database,
  filter: WalkFilter,
  queue: string,
  direction: Direction,
): Lane[] {
  const { queue: _, ...rest } = filter;
  return db.all(PRIORITIES, queue, queue).map(({ priority }) =>
    lane(db, rest, "job INDEXED BY job_claim", [
      ["state = 'pending' AND queue = ?", queue],
      ["priority = ?", priority!],
    ], direction)
  );
}

/** The pending jobs of a queue as they will be claimed. */
function claimLane(db: Database, filter: WalkFilter, queue: string): Lane {
  const { queue: _, ...rest } = filter;
  const { fits, values } = fitting(rest);
  const among = (where: string) =>
    `SELECT priority, seq, ${fits} AS fits FROM job INDEXED BY job_claim
    WHERE state = 'pending' AND queue = ? AND ${where} ORDER BY priority DESC, seq LIMIT ? + 0`;
  const look = (where: string, ...from: SqlValue[]) =>
    db.all(among(where), ...values, queue, ...from).map((row) => ({
      key: [row.priority as number, row.seq as number] as const,
      fits: row.fits === 1,
    }));
  return {
    look([priority, seq], count) {
      const level = look("priority = ? AND seq > ?", priority, seq, count);
      if (level.length === count) return level;
      return [...level, ...look("priority < ?", priority, count - level.length)];
    },
  };
}

/** The jobs of a final state, the last to end first. */
function endedLane(db: Database, filter: WalkFilter, state: State): Lane {
  const { error } = filter;
  // The planner takes a partial index only where the statement says the same in so many words.
  const [from, within, values] = state === "dead" && error !== undefined
    ? ["job_error", "state = 'dead' AND error = ?", [error]]
    : ["job_ended", "state = ?", [state]];
  const { fits, values: fitValues } = fitting(filter);
  const sql = `SELECT finished_at, seq, ${fits} AS fits FROM job INDEXED BY ${from}
    WHERE ${within} AND finished_at <= ? AND (finished_at, seq) < (?, ?)
    ORDER BY finished_at DESC, seq DESC LIMIT ? + 0`;
  return {
    look: ([finishedAt, seq], count) =>
      db.all(sql, ...fitValues, ...values, finishedAt, finishedAt, seq, count).map((row) => ({
        key: [row.finished_at as number, row.seq as number],
        fits: row.fits === 1,
      })),
  };
}

/** What an index does not see to: everything but the states. */
function fitting(filter: WalkFilter): { readonly fits: string; readonly values: SqlValue[] } {
  const { states: _, except, ...rest } = filter;
  const { parts, values } = clauses(rest, true);
  if (except) {
    parts.push("seq <> ?");
    values.push(except);
  }
  return { fits: parts.length === 0 ? "1" : `(${parts.join(" AND ")})`, values };
}

function statesOfQueue(
  db: Database,
  queue: string,
  states: readonly State[] | undefined,
): readonly State[] {
  return db.all("SELECT state FROM counter WHERE queue = ? AND jobs > 0", queue)
    .map((row) => row.state as State)
    .filter((state) => states?.includes(state) ?? true);
}

function pendingQueues(db: Database, queue: string | undefined): readonly string[] {
  return db.all("SELECT queue FROM counter WHERE state = 'pending' AND jobs > 0")
    .map((row) => row.queue as string)
    .filter((name) => name === (queue ?? name));
}
