/// <reference lib="dom" />
/**
 * A page of the list of jobs, searched on where the store stopped early, and steady under the hand.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, messageOf } from "./api.ts";
import { type JobQuery, listParameters, PAGE_SIZE } from "./job_query.ts";
import type { JobJson, JobPageJson } from "./job_shapes.ts";
import { useResource } from "./resource.ts";
import { linkTo } from "./router.ts";
import { freshList, holdList, type SteadyList, type SteadyRow } from "./steady_list.ts";

/** A search goes on by itself for so long, milliseconds. */
const SEARCH_TIME = 4000;

/** What the view shows. */
export interface JobList {
  /** Undefined before the first answer. */
  readonly rows: readonly SteadyRow<JobJson>[] | undefined;
  /** Jobs that are new and held back while somebody is about to click. */
  readonly waiting: number;
  readonly next: string | null;
  readonly total: number | null;
  /** How far back was looked, RFC 3339, where there may be more to find. */
  readonly searchedTo: string | null;
  readonly searching: boolean;
  readonly error: { readonly message: string } | null;
  /** The rows are those of the question before. */
  readonly stale: boolean;
  readonly reload: () => void;
  readonly searchOn: () => void;
}

/** What was found beyond the first answer. */
interface Further {
  readonly link: string;
  readonly jobs: readonly JobJson[];
  /** Null before the first step. */
  readonly page: JobPageJson | null;
  readonly searching: boolean;
  readonly error: { readonly message: string } | null;
}

/**
 * Follows a page of the list.
 *
 * @param holding no row may come, go or move now
 */
export function useJobList(query: JobQuery, holding: boolean): JobList {
  const link = linkTo("/jobs", listParameters(query));
  const { state, reload } = useResource<JobPageJson>(link);
  const { data, error, stale } = state.value;
  const further = useFurther(query, link, stale ? undefined : data);
  const answer = data === undefined || stale ? null : { jobs: data.jobs, more: further.jobs };
  const { rows, waiting } = useSteady(link, answer, holding);
  const last = further.page ?? data;
  return {
    rows: data === undefined ? undefined : rows,
    waiting,
    next: last?.next ?? null,
    total: data?.total ?? null,
    searchedTo: last === undefined || last.next === null ? null : last.searched_to,
    searching: further.searching,
    error: error ?? further.error,
    stale,
    reload: () => {
      further.reset();
      reload();
    },
    searchOn: further.searchOn,
  };
}

/** Goes on where an answer has few jobs because the store stopped early. */
function useFurther(query: JobQuery, link: string, data: JobPageJson | undefined) {
  const none: Further = { link, jobs: [], page: null, searching: false, error: null };
  const state = useSignal<Further>(none);
  const control = useRef<AbortController | null>(null);
  const now = state.value.link === link ? state.value : none;

  const search = async (begin: JobPageJson, from: Further) => {
    control.current?.abort();
    const { signal } = control.current = new AbortController();
    let found = { ...from, searching: true, error: null } as Further;
    let page = begin;
    try {
      const until = performance.now() + SEARCH_TIME;
      while (page.next !== null && performance.now() < until) {
        state.value = found;
        const parameters = { ...listParameters(query), cursor: page.next };
        page = await get<JobPageJson>(linkTo("/jobs", parameters), { signal });
        found = { ...found, jobs: joined(found.jobs, page.jobs), page };
        if (begin.jobs.length + found.jobs.length >= PAGE_SIZE) break;
      }
      state.value = { ...found, searching: false };
    } catch (error) {
      if (signal.aborted) return;
      state.value = { ...found, searching: false, error: { message: messageOf(error) } };
    }
  };
  const isShort = data !== undefined && data.next !== null && data.searched_to !== null &&
    data.jobs.length < PAGE_SIZE;
  useEffect(() => {
    if (isShort && now.page === null && !now.searching) void search(data, none);
  }, [link, isShort, now.page === null]);
  useEffect(() => () => control.current?.abort(), [link]);
  return {
    ...now,
    searchOn: () => void (now.page !== null && search(now.page, { ...now, jobs: now.jobs })),
    reset: () => {
      control.current?.abort();
      state.value = none;
    },
  };
}

/** The rows, which change only in place while `holding`; what a search finds is added below. */
function useSteady(
  link: string,
  answer: { readonly jobs: readonly JobJson[]; readonly more: readonly JobJson[] } | null,
  holding: boolean,
): SteadyList<JobJson> {
  const kept = useRef({ link: "", list: freshList<JobJson>([]) });
  const before = kept.current;
  if (answer === null) return before.list;
  const all = joined(answer.jobs, answer.more);
  if (!holding || before.link !== link) kept.current = { link, list: freshList(all) };
  else {
    const held = holdList(before.list, all, ({ id }) => id);
    const known = new Set(held.rows.map(({ item }) => item.id));
    const below = answer.more.filter(({ id }) => !known.has(id));
    const rows = [...held.rows, ...below.map((item) => ({ item, gone: false }))];
    kept.current = { link, list: { rows, waiting: held.waiting - below.length } };
  }
  return kept.current.list;
}

function joined(jobs: readonly JobJson[], more: readonly JobJson[]): readonly JobJson[] {
  if (more.length === 0) return jobs;
  const known = new Set(jobs.map(({ id }) => id));
  return [...jobs, ...more.filter(({ id }) => !known.has(id))];
}
