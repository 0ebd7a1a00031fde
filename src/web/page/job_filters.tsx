/// <reference lib="dom" />
/**
 * Which jobs the list shows: the fields above it.
 *
 * @module
 */

import type { JSX, TargetedInputEvent, TargetedKeyboardEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { STATES } from "../../job/state.ts";
import { UserText } from "./components.tsx";
import { formatCount } from "./format.ts";
import type { JobSort } from "../../store/paging.ts";
import { ALL_JOBS, changeQuery, isFiltered, type JobQuery, SORTS } from "./job_query.ts";
import { status } from "./live.ts";

/** Who types is waited for, milliseconds. */
const TYPING = 80;

/** What the fields are told. */
export interface JobFiltersProps {
  readonly query: JobQuery;
  /** `typed`: while somebody types, each letter is no place to go back to. */
  readonly onChange: (query: JobQuery, typed: boolean) => void;
}

/** The fields. */
export function JobFilters({ query, onChange }: JobFiltersProps): JSX.Element {
  const change = (changes: Partial<JobQuery>, typed = false) =>
    onChange(changeQuery(query, changes), typed);
  const queues = status.value?.queues.map(({ name }) => name) ?? [];
  const all = query.queue === "" || queues.includes(query.queue)
    ? queues
    : [...queues, query.queue];
  return (
    <form
      class="filters"
      role="search"
      aria-label="Jobs"
      onSubmit={(event) => event.preventDefault()}
    >
      <StateFilter query={query} onChange={change} />
      <div class="filter-row">
        <TypedField
          type="search"
          label="Search"
          placeholder="Id, command, tag or error"
          value={query.text}
          onChange={(text) => change({ text }, true)}
        />
        <label class="filter">
          <span>Queue</span>
          <select
            value={query.queue}
            onChange={(event) => change({ queue: event.currentTarget.value })}
          >
            <option value="">All</option>
            {all.map((queue) => <option key={queue} value={queue}>{queue}</option>)}
          </select>
        </label>
        <TypedField
          type="text"
          label="Tag"
          placeholder="Any"
          value={query.tag}
          onChange={(tag) => change({ tag: tag.trim() }, true)}
        />
        <label class="filter">
          <span>Order</span>
          <select
            value={query.sort}
            onChange={(event) => change({ sort: event.currentTarget.value as JobSort })}
          >
            {Object.entries(SORTS).map(([sort, name]) => (
              <option key={sort} value={sort}>{name}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          class="quiet"
          disabled={!isFiltered(query)}
          onClick={() => onChange({ ...ALL_JOBS, sort: query.sort }, false)}
        >
          Clear
        </button>
      </div>
      {query.error === null ? null : (
        <p class="filter-error">
          <span>Only with the error</span> <UserText text={query.error} />{" "}
          <button type="button" class="small" onClick={() => change({ error: null })}>
            Any error
          </button>
        </p>
      )}
    </form>
  );
}

function StateFilter(
  { query, onChange }: {
    readonly query: JobQuery;
    readonly onChange: (changes: Partial<JobQuery>) => void;
  },
): JSX.Element {
  const counts = status.value?.jobs;
  return (
    <fieldset class="states">
      <legend class="unseen">State</legend>
      {STATES.map((state) => {
        const on = query.states.includes(state);
        const states = STATES.filter((each) => each === state ? !on : query.states.includes(each));
        return (
          <label key={state} class={on ? `chip state-${state} on` : `chip state-${state}`}>
            <input type="checkbox" checked={on} onChange={() => onChange({ states })} />
            <span>{state}</span>
            {counts === undefined ? null : <span class="count">{formatCount(counts[state])}</span>}
          </label>
        );
      })}
    </fieldset>
  );
}

/** A field that waits until who types in it has stopped for a moment. */
function TypedField(
  { type, label, placeholder, value, onChange }: {
    readonly type: "search" | "text";
    readonly label: string;
    readonly placeholder: string;
    readonly value: string;
    readonly onChange: (value: string) => void;
  },
): JSX.Element {
  const [typed, setTyped] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const sent = useRef(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    // The address changed by other means: a link, the way back, "Clear".
    if (value !== sent.current) {
      clearTimeout(timer.current);
      setTyped(value);
      sent.current = value;
    }
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const send = (text: string) => {
    clearTimeout(timer.current);
    if (text === sent.current) return;
    sent.current = text.trim() === "" ? "" : text;
    latest.current(sent.current);
  };
  const aids = {
    value: typed,
    placeholder,
    autocomplete: "off",
    spellcheck: false,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => {
      const text = event.currentTarget.value;
      setTyped(text);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => send(text), TYPING);
    },
    onKeyDown: (event: TargetedKeyboardEvent<HTMLInputElement>) => {
      if (event.key === "Enter") send(event.currentTarget.value);
    },
  } as const;
  return (
    <label class={type === "search" ? "filter filter-wide" : "filter"}>
      <span>{label}</span>
      {type === "search" ? <input type="search" {...aids} /> : <input type="text" {...aids} />}
    </label>
  );
}
