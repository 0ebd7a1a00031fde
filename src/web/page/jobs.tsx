/// <reference lib="dom" />
/**
 * The list of jobs.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { BulkBar } from "./bulk_bar.tsx";
import { Empty, Loading, PageHead, Pager, Problem, Time } from "./components.tsx";
import { countOf, formatCount } from "./format.ts";
import { useHold } from "./hold.ts";
import { JobFilters } from "./job_filters.tsx";
import { type JobList, useJobList } from "./job_list.ts";
import {
  ALL_JOBS,
  isFiltered,
  type JobQuery,
  PAGE_SIZE,
  readJobQuery,
  writeJobQuery,
} from "./job_query.ts";
import { JobTable } from "./job_table.tsx";
import { linkTo, navigate, PATHS, place } from "./router.ts";
import { countOfSelection, NOTHING, type Selection } from "./selection.ts";
import { canWrite } from "./session.ts";
import { addStep, depthOf, recallSteps, rememberSteps } from "./trail.ts";

/** The view. */
export function Jobs(): JSX.Element {
  const query = readJobQuery(place.value.query);
  const here = linkOf(query);
  const filter = linkOf({ ...query, cursor: null });
  const selection = useSignal<Selection>(NOTHING);
  const hold = useHold();
  // What is chosen is chosen of this filter.
  useEffect(() => {
    selection.value = NOTHING;
  }, [filter]);
  const holding = hold.held.value || countOfSelection(selection.value) > 0;
  const list = useJobList(query, holding);
  const steps = useTrail(here, filter);
  const depth = depthOf(steps, here, filter);
  const rows = list.rows ?? [];
  return (
    <>
      <PageHead title="Jobs" />
      <JobFilters
        query={query}
        onChange={(changed, typed) => navigate(linkOf(changed), { replace: typed })}
      />
      {list.error === null ? null : <Problem error={list.error} />}
      {list.rows === undefined
        ? list.error === null ? <Loading /> : null
        : rows.length === 0 && list.searchedTo === null
        ? <NoJobs query={query} />
        : (
          <section class="card flush job-list" aria-label="Jobs" {...hold.handlers}>
            {canWrite.value && rows.length > 0
              ? (
                <BulkBar
                  selection={selection.value}
                  query={query}
                  total={list.total}
                  isPart={list.next !== null || query.cursor !== null}
                  ids={rows.map(({ item }) => item.id)}
                  onChange={(chosen) => selection.value = chosen}
                  onDone={() => {
                    // Who did this wants to see what became of it.
                    hold.release();
                    list.reload();
                  }}
                />
              )
              : null}
            <p class="held-back" role="status">
              {list.waiting === 0 ? "" : (
                <button
                  type="button"
                  class="small"
                  onClick={() => {
                    selection.value = NOTHING;
                    hold.release();
                    list.reload();
                  }}
                >
                  {countOf(list.waiting, "newer job")}: show
                </button>
              )}
            </p>
            {rows.length === 0 ? null : (
              <JobTable
                rows={rows}
                stale={list.stale}
                selection={canWrite.value ? selection.value : null}
                onSelect={(chosen) => selection.value = chosen}
              />
            )}
            <SearchFoot list={list} />
            <div
              onClick={(event) => {
                // Another page is read from its top.
                if ((event.target as Element).closest("a") !== null) scrollTo(0, 0);
              }}
            >
              <Pager
                text={pageText(depth, rows.length, list.total)}
                first={query.cursor === null ? null : filter}
                previous={steps.get(here) ?? null}
                next={list.next === null || list.searchedTo !== null
                  ? null
                  : linkOf({ ...query, cursor: list.next })}
              />
            </div>
          </section>
        )}
    </>
  );
}

/** Where a search stands that looks far back. */
function SearchFoot({ list }: { readonly list: JobList }): JSX.Element | null {
  if (list.searchedTo === null && !list.searching) return null;
  const far = list.searchedTo === null ? null : (
    <>
      back to <Time at={list.searchedTo} />
    </>
  );
  return (
    <div class="search-foot" role="status">
      <span>
        {list.rows?.length === 0 ? "Nothing found yet. " : ""}
        {list.searching ? "Searching…" : "Searched"} {far}
      </span>
      {list.searching
        ? null
        : <button type="button" class="small" onClick={list.searchOn}>Search further back</button>}
    </div>
  );
}

function NoJobs({ query }: { readonly query: JobQuery }): JSX.Element {
  if (query.cursor !== null) {
    return (
      <Empty title="There are no more jobs">
        <a href={linkOf({ ...query, cursor: null })}>Back to the first page</a>
      </Empty>
    );
  }
  if (isFiltered(query)) {
    return (
      <Empty title="No job matches">
        <a href={linkOf({ ...ALL_JOBS, sort: query.sort })}>Show all jobs</a>
      </Empty>
    );
  }
  return (
    <Empty title="There are no jobs yet" command="queuectl enqueue -- echo hello">
      Enqueue one <a href={PATHS.enqueue}>with the form</a> or in a terminal:
    </Empty>
  );
}

/** The steps that led here, this one added. */
function useTrail(here: string, filter: string) {
  const steps = useMemo(() => {
    const known = recallSteps();
    // A page that was reached from another one of the same list.
    const isNext = last !== null && here !== filter && last.filter === filter;
    return isNext ? addStep(known, last!.link, here) : known;
  }, [here]);
  useEffect(() => {
    last = { link: here, filter };
    rememberSteps(steps);
  }, [steps]);
  return steps;
}

/** The page of the list that was shown last. */
let last: { readonly link: string; readonly filter: string } | null = null;

function linkOf(query: JobQuery): string {
  return linkTo(PATHS.jobs, writeJobQuery(query));
}

function pageText(depth: number | null, count: number, total: number | null): string {
  if (depth === null) return countOf(count, "job");
  const from = depth * PAGE_SIZE;
  const range = count === 0 ? "None" : `${formatCount(from + 1)}–${formatCount(from + count)}`;
  return total === null ? range : `${range} of ${formatCount(total)}`;
}
