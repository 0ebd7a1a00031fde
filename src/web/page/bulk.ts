/// <reference lib="dom" />
/**
 * What is done with several jobs at once.
 *
 * @module
 */

import { sourcesOf, type State, STATES } from "../../job/state.ts";
import { get, post } from "./api.ts";
import { countOf } from "./format.ts";
import { filterBody, type JobQuery, listParameters } from "./job_query.ts";
import type { JobPageJson } from "./job_shapes.ts";
import { linkTo } from "./router.ts";
import type { Selection } from "./selection.ts";

/** What can be done with jobs. */
export type Action = "retry" | "cancel" | "release" | "delete";

interface Words {
  /** On a button. */
  readonly verb: string;
  /** What was done. */
  readonly done: string;
  /** What follows from it, before it is done. */
  readonly text: string;
  readonly danger: boolean;
  /** The states in which a job lets it be done. */
  readonly states: readonly State[];
}

/** The actions, in the order in which they are shown. */
export const ACTIONS: Readonly<Record<Action, Words>> = {
  retry: {
    verb: "Retry",
    done: "Retried",
    text: "Each begins again with no attempt counted. Those that wait or run are left alone.",
    danger: false,
    states: sourcesOf("retry"),
  },
  release: {
    verb: "Release",
    done: "Released",
    text: "Those that are held may run. The others are left alone.",
    danger: false,
    states: sourcesOf("release"),
  },
  cancel: {
    verb: "Cancel",
    done: "Cancelled",
    text:
      "Those that wait never run; those that run are ended. Those that have ended are left alone.",
    danger: true,
    states: [...sourcesOf("cancel"), "processing"],
  },
  delete: {
    verb: "Delete",
    done: "Deleted",
    text: "They go for good, with their attempts and their output. Those that run are left alone.",
    danger: true,
    states: STATES.filter((state) => state !== "processing"),
  },
};

/** What became of it. */
export interface BulkResult {
  readonly acted: number;
  readonly refused: number;
  /** Why, for those that were refused. */
  readonly reasons: readonly string[];
}

interface BulkJson {
  readonly acted: number;
  readonly refused: number;
  readonly results?: readonly {
    readonly id: string;
    readonly ok: boolean;
    readonly error: string | null;
  }[];
}

/** A request names at most so many jobs. */
const MAX_IDS = 500;

/**
 * Does it.
 *
 * @throws {ApiError} if the server refuses all of it
 */
export async function act(
  action: Action,
  selection: Selection,
  query: JobQuery,
): Promise<BulkResult> {
  if (selection.kind === "all") {
    const body = { action, filter: filterBody(query), expected: selection.expected };
    return { reasons: [], ...await post<BulkJson>("/jobs/bulk", body) };
  }
  const ids = [...selection.ids];
  let [acted, refused] = [0, 0];
  const reasons: string[] = [];
  for (let at = 0; at < ids.length; at += MAX_IDS) {
    const body = { action, ids: ids.slice(at, at + MAX_IDS) };
    const answer = await post<BulkJson>("/jobs/bulk", body);
    acted += answer.acted;
    refused += answer.refused;
    for (const { ok, error } of answer.results ?? []) {
      if (!ok && error !== null) reasons.push(error);
    }
  }
  return { acted, refused, reasons };
}

/** So many jobs are counted one page after the other. */
const MOST_COUNTED = 10_000;

/**
 * How many jobs match where the store keeps no count of them, at most {@linkcode MOST_COUNTED}.
 *
 * @param onCount hears how many it is so far
 * @throws {ApiError} if the server refuses
 * @throws {DOMException} AbortError if `signal` was aborted
 */
export async function countMatches(
  query: JobQuery,
  onCount: (count: number) => void,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  let cursor: string | null = null;
  do {
    const parameters = { ...listParameters({ ...query, cursor }), limit: "1000" };
    const page: JobPageJson = await get(linkTo("/jobs", parameters), { signal });
    count = Math.min(MOST_COUNTED, count + page.jobs.length);
    cursor = page.next;
    onCount(count);
  } while (cursor !== null && count < MOST_COUNTED);
  return count;
}

/** What was done, in a sentence or two. */
export function describeResult(
  action: Action,
  { acted, refused, reasons }: BulkResult,
  word = ACTIONS[action].done,
): string {
  const done = `${word} ${countOf(acted, "job")}`;
  if (refused === 0) return done;
  const why = reasons.length === 0 ? "" : `: ${reasons.slice(0, 3).join("; ")}`;
  return `${done}. ${countOf(refused, "job")} could not be${why}`;
}
