/**
 * What the list of jobs shows, as the address says it: `/jobs?state=dead,failed&queue=media&text=…`.
 *
 * @module
 */

import { FINAL_STATES, type State, STATES } from "../../job/state.ts";
import type { JobSort } from "../../store/paging.ts";
import type { Query } from "./router.ts";

/** What the list shows. */
export interface JobQuery {
  /** Any of these; all if empty. */
  readonly states: readonly State[];
  readonly queue: string;
  readonly tag: string;
  /** In the id, the command, a tag or the error. */
  readonly text: string;
  /** Exactly this error; null is any, also none. */
  readonly error: string | null;
  readonly sort: JobSort;
  /** Where the page begins, as the API gave it; null is the first page. */
  readonly cursor: string | null;
}

/** The orders that the list can be had in, and what the page calls them. */
export const SORTS: Readonly<Record<JobSort, string>> = {
  newest: "Newest first",
  oldest: "Oldest first",
  finished: "Ended last",
  priority: "Next to run",
};

/** All jobs, newest first. */
export const ALL_JOBS: JobQuery = {
  states: [],
  queue: "",
  tag: "",
  text: "",
  error: null,
  sort: "newest",
  cursor: null,
};

/** So many jobs are on a page. */
export const PAGE_SIZE = 100;

/** Reads the address; what it does not understand is left out. */
export function readJobQuery(query: Query): JobQuery {
  const wanted = (query.state ?? "").split(",");
  const sort = query.sort ?? "newest";
  return {
    states: STATES.filter((state) => wanted.includes(state)),
    queue: query.queue ?? "",
    tag: query.tag ?? "",
    text: query.text ?? "",
    error: query.error ?? null,
    sort: Object.hasOwn(SORTS, sort) ? sort as JobSort : "newest",
    cursor: query.cursor ?? null,
  };
}

/** The same as the query of an address, with null for what is absent. */
export function writeJobQuery(query: JobQuery): Record<string, string | null> {
  const { states, queue, tag, text, error, sort, cursor } = query;
  return {
    state: states.length === 0 ? null : states.join(","),
    queue: queue || null,
    tag: tag || null,
    text: text || null,
    error,
    sort: sort === "newest" ? null : sort,
    cursor,
  };
}

/** What `GET /api/jobs` is asked. */
export function listParameters(query: JobQuery): Record<string, string | null> {
  return { ...writeJobQuery(query), limit: String(PAGE_SIZE) };
}

/** The states that an order leaves the list with; all if absent. */
const STATES_OF_SORT: Partial<Record<JobSort, readonly State[]>> = {
  finished: FINAL_STATES,
  priority: ["pending"],
};

/** What the list shows in the shape of `POST /api/jobs/bulk`: nothing that it does not show is acted on. */
export function filterBody(query: JobQuery): Record<string, string | readonly string[]> {
  const states = shownStates(query);
  return {
    ...(states.length === 0 ? {} : { state: states }),
    ...(query.queue === "" ? {} : { queue: query.queue }),
    ...(query.tag === "" ? {} : { tag: query.tag }),
    ...(query.text === "" ? {} : { text: query.text }),
    ...(query.error === null ? {} : { error: query.error }),
  };
}

/** The states that the list shows; empty is all. */
function shownStates({ states, sort }: JobQuery): readonly State[] {
  const allowed = STATES_OF_SORT[sort];
  if (allowed === undefined) return states;
  if (states.length === 0) return allowed;
  const both = states.filter((state) => allowed.includes(state));
  // Where the list is empty, no state must not come to mean all of them.
  return both.length === 0 ? states : both;
}

/** Another filter or order begins at its first page. */
export function changeQuery(query: JobQuery, changes: Partial<JobQuery>): JobQuery {
  return { ...query, cursor: null, ...changes };
}

/** Whether anything is left out. */
export function isFiltered(query: JobQuery): boolean {
  return Object.keys(filterBody({ ...query, sort: "newest" })).length > 0;
}
