/**
 * Which jobs a list shows, or something is done to: as parameters of a URL, and as keys of a body.
 *
 * @module
 */

import * as v from "valibot";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { type State, STATES } from "../../job/state.ts";
import { oneOf } from "../../readers.ts";
import type { PageFilter } from "../../store/paging.ts";
import { reading, readingList } from "./fields.ts";
import { STATE } from "./schemas.ts";

const LONGEST = 1000;

const text = v.pipe(
  v.string("must be a text"),
  v.maxLength(LONGEST, `is longer than ${LONGEST} characters`),
);

/** As parameters. */
export const FILTER_QUERY = {
  state: v.optional(readingList(oneOf(STATES))),
  queue: v.optional(SPEC_FIELDS.queue),
  tag: v.optional(text),
  text: v.optional(text),
  error: v.optional(v.string()),
};

/** What the parameters mean. */
export const FILTER_WORDS = {
  state: `Only jobs in these states, with commas between: ${STATES.join(", ")}`,
  queue: "Only jobs of this queue",
  tag: "Only jobs with this tag",
  text:
    "Only jobs whose id, command, a tag or error contains this; the case of ASCII letters does " +
    "not matter",
  error: "Only jobs with exactly this error",
};

/** A page on which no state is ticked must not act on the jobs of all states. */
const STATE_LIST = v.pipe(v.array(STATE), v.minLength(1, "is empty: leave it out for all states"));

/** As keys of a body. */
export const FILTER = v.strictObject({
  state: v.optional(
    v.union([STATE_LIST, STATE], `must be a state or a list of states: ${STATES.join(", ")}`),
  ),
  queue: v.optional(SPEC_FIELDS.queue),
  tag: v.optional(text),
  text: v.optional(text),
  error: v.optional(v.string("must be a text")),
}, "must be an object with some of the keys state, queue, tag, text and error");

/** What either reads to. */
export interface FilterValues {
  readonly state?: readonly State[] | State | undefined;
  readonly queue?: string | undefined;
  readonly tag?: string | undefined;
  readonly text?: string | undefined;
  readonly error?: string | undefined;
}

/** The filter for the store. */
export function filterOf({ state = [], queue, tag, text, error }: FilterValues): PageFilter {
  const states = [state].flat();
  return {
    ...(states.length === 0 ? {} : { states: [...new Set(states)] }),
    ...(queue === undefined ? {} : { queue }),
    // What is sent by an empty field of a form narrows nothing.
    ...(tag === undefined || tag === "" ? {} : { tag }),
    ...(text === undefined || text === "" ? {} : { text }),
    ...(error === undefined ? {} : { error }),
  };
}

/** A word out of a few. */
export function word<const T extends string>(words: readonly T[], fallback?: T) {
  return reading(oneOf(words), {
    type: "string",
    enum: words,
    ...(fallback === undefined ? {} : { default: fallback }),
  });
}
