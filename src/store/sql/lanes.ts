/**
 * By which index the jobs of a filter are gone through, in each of the orders.
 *
 * @module
 */

import { FINAL_STATES, type State } from "../../job/state.ts";
import { UsageError } from "../../errors.ts";
import type { JobSort, PageFilter } from "../paging.ts";
import { PRIORITIES } from "./listing.ts";
import { clauses } from "./queries.ts";
import type { Key, Lane, Looked } from "./walk.ts";
import { all, type Row, type SqlValue, type Work } from "./work.ts";

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
export function* lanesOf(filter: WalkFilter, sort: JobSort): Work<Lane[]> {
  const states = filter.states && [...new Set(filter.states)];
  if (states?.length === 0) return [];
  if (sort === "finished") return states!.map((state) => endedLane(filter, state));
  if (sort === "priority") {
    return (yield* pendingQueues(filter.queue)).map((queue) => claimLane(filter, queue));
  }
  const direction = sort === "newest" ? NEWEST : OLDEST;
  // Of a queue it is known in which states it has jobs at all.
  const among = filter.queue === undefined ? states : yield* statesOfQueue(filter.queue, states);
  if (among === undefined) return [lane(filter, "job NOT INDEXED", [], direction)];
  const lanes: Lane[] = [];
  for (const state of among) {
    if (state === "pending" && filter.queue !== undefined) {
      lanes.push(...yield* levelLanes(filter, filter.queue, direction));
    } else lanes.push(stateLane(filter, state, direction));
  }
  return lanes;
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
  filter: WalkFilter,
  from: string,
  within: readonly Condition[],
  { after, order }: Direction,
): Lane {
  const { fits, values } = fitting(filter);
  const where = [...within.map(([sql]) => sql), after].join(" AND ");
  const sql = `SELECT seq, ${fits} AS fits FROM ${from} WHERE ${where} ORDER BY ${order}
    LIMIT CAST(? AS INTEGER)`;
  const given = [...values, ...within.flatMap(([, ...values]) => values)];
  return {
    *look([, seq], count) {
      return (yield* all(sql, ...given, seq, count)).map((row) => looked(row, row.seq));
    },
  };
}

function looked(row: Row, first: SqlValue | undefined): Looked {
  return { key: [first as number, row.seq as number], fits: row.fits === 1 };
}

/** The jobs of a state by arrival. */
function stateLane(filter: WalkFilter, state: State, direction: Direction): Lane {
  if (state !== "processing") {
    return lane(filter, "job INDEXED BY job_state", [["state = ?", state]], direction);
  }
  // No more than there are slots: they are sorted.
  return lane(filter, "job INDEXED BY job_running", [["state = 'processing'"]], direction);
}

/** The pending jobs of a queue by arrival: the index that claims read has each priority in its order. */
function* levelLanes(
  filter: WalkFilter,
  queue: string,
  direction: Direction,
): Work<Lane[]> {
  const { queue: _, ...rest } = filter;
  return (yield* all(PRIORITIES, queue, queue)).map(({ priority }) =>
    lane(rest, "job INDEXED BY job_claim", [
      ["state = 'pending' AND queue = ?", queue],
      ["priority = CAST(? AS INTEGER)", priority!],
    ], direction)
  );
}

/** The pending jobs of a queue as they will be claimed. */
function claimLane(filter: WalkFilter, queue: string): Lane {
  const { queue: _, ...rest } = filter;
  const { fits, values } = fitting(rest);
  const among = (where: string) =>
    `SELECT priority, seq, ${fits} AS fits FROM job INDEXED BY job_claim
    WHERE state = 'pending' AND queue = ? AND ${where} ORDER BY priority DESC, seq
    LIMIT CAST(? AS INTEGER)`;
  const look = function* (where: string, ...from: SqlValue[]): Work<Looked[]> {
    const rows = yield* all(among(where), ...values, queue, ...from);
    return rows.map((row) => looked(row, row.priority));
  };
  return {
    *look([priority, seq], count) {
      const level = yield* look("priority = CAST(? AS INTEGER) AND seq > ?", priority, seq, count);
      if (level.length === count) return level;
      return [
        ...level,
        ...yield* look("priority < CAST(? AS INTEGER)", priority, count - level.length),
      ];
    },
  };
}

/** The jobs of a final state, the last to end first. */
function endedLane(filter: WalkFilter, state: State): Lane {
  const { error } = filter;
  // The planner takes a partial index only where the statement says the same in so many words.
  const [from, within, values] = state === "dead" && error !== undefined
    ? ["job_error", "state = 'dead' AND error = ?", [error]]
    : ["job_ended", "state = ?", [state]];
  const { fits, values: fitValues } = fitting(filter);
  const sql = `SELECT finished_at, seq, ${fits} AS fits FROM job INDEXED BY ${from}
    WHERE ${within} AND finished_at <= ? AND (finished_at, seq) < (?, ?)
    ORDER BY finished_at DESC, seq DESC LIMIT CAST(? AS INTEGER)`;
  const given = [...fitValues, ...values];
  return {
    *look([finishedAt, seq], count) {
      const rows = yield* all(sql, ...given, finishedAt, finishedAt, seq, count);
      return rows.map((row) => looked(row, row.finished_at));
    },
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

function* statesOfQueue(
  queue: string,
  states: readonly State[] | undefined,
): Work<readonly State[]> {
  const rows = yield* all("SELECT state FROM counter WHERE queue = ? AND jobs > 0", queue);
  return rows.map((row) => row.state as State)
    .filter((state) => states?.includes(state) ?? true);
}

function* pendingQueues(queue: string | undefined): Work<readonly string[]> {
  const rows = yield* all("SELECT queue FROM counter WHERE state = 'pending' AND jobs > 0");
  return rows.map((row) => row.queue as string)
    .filter((name) => name === (queue ?? name));
}
