/// <reference lib="dom" />
/**
 * The bar that says how many jobs are chosen, and what can be done with them.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { act, type Action, ACTIONS, countMatches, describeResult } from "./bulk.ts";
import { confirm } from "./dialog.tsx";
import { countOf, formatCount } from "./format.ts";
import type { JobQuery } from "./job_query.ts";
import { useBusy } from "./resource.ts";
import { countOfSelection, NOTHING, pageMark, type Selection, togglePage } from "./selection.ts";
import { toast, toastError } from "./toasts.tsx";

/** What the bar is told. */
export interface BulkBarProps {
  readonly selection: Selection;
  readonly query: JobQuery;
  /** How many jobs match; null if nobody has counted them. */
  readonly total: number | null;
  /** Whether there are more pages. */
  readonly isPart: boolean;
  /** The ids on the page, in order. */
  readonly ids: readonly string[];
  readonly onChange: (selection: Selection) => void;
  /** The list is no longer what it was. */
  readonly onDone: () => void;
}

/** The bar; it is always there, so that nothing moves when it is needed. */
export function BulkBar(
  { selection, query, total, isPart, ids, onChange, onDone }: BulkBarProps,
): JSX.Element {
  const { busy, run } = useBusy();
  const count = countOfSelection(selection);
  const mark = pageMark(selection, ids);
  const perform = (action: Action) =>
    run(async () => {
      if (!await confirm(questionOf(action, count))) return;
      try {
        const result = await act(action, selection, query);
        toast(describeResult(action, result));
        onChange(NOTHING);
      } catch (error) {
        toastError(error);
      }
      onDone();
    });
  return (
    <div class="bulk" role="group" aria-label="Chosen jobs">
      <label class="check">
        <input
          type="checkbox"
          checked={mark === "all"}
          indeterminate={mark === "some"}
          onClick={() => onChange(togglePage(selection, ids))}
        />
        All on this page
      </label>
      <span class="bulk-count" role="status">
        {busy.value ? "Working…" : count === 0 ? "None chosen" : `${formatCount(count)} chosen`}
      </span>
      {(Object.keys(ACTIONS) as Action[]).map((action) => (
        <button
          type="button"
          key={action}
          class={action === "delete" ? "small danger" : "small"}
          disabled={count === 0}
          aria-disabled={busy.value}
          onClick={() => void perform(action)}
        >
          {ACTIONS[action].verb}
        </button>
      ))}
      {selection.kind === "some" && total !== null && total > ids.length
        ? (
          <button
            type="button"
            class="small quiet"
            onClick={() => onChange({ kind: "all", expected: total })}
          >
            Choose all {formatCount(total)} that match
          </button>
        )
        : selection.kind === "some" && total === null && isPart
        ? <CountButton query={query} onChange={onChange} />
        : null}
      {count > 0
        ? (
          <button type="button" class="small quiet" onClick={() => onChange(NOTHING)}>
            Choose none
          </button>
        )
        : null}
    </div>
  );
}

/** Counts what matches, page by page, and chooses it. */
function CountButton({ query, onChange }: Pick<BulkBarProps, "query" | "onChange">): JSX.Element {
  const counted = useSignal<number | null>(null);
  const control = useRef<AbortController | null>(null);
  const link = JSON.stringify(query);
  useEffect(() => () => control.current?.abort(), [link]);
  const count = async () => {
    if (counted.value !== null) return control.current?.abort();
    const { signal } = control.current = new AbortController();
    counted.value = 0;
    try {
      const expected = await countMatches(query, (so) => counted.value = so, signal);
      onChange({ kind: "all", expected });
    } catch (error) {
      if (!signal.aborted) toastError(error);
    }
    counted.value = null;
  };
  return (
    <button type="button" class="small quiet" onClick={() => void count()}>
      {counted.value === null
        ? "Count and choose all that match"
        : `Counting… ${formatCount(counted.value)}; stop`}
    </button>
  );
}

function questionOf(action: Action, count: number) {
  const { verb, text, danger } = ACTIONS[action];
  const jobs = countOf(count, "job");
  const question = { title: `${verb} ${jobs}?`, text, action: `${verb} ${jobs}`, danger };
  // "Cancel" would say both.
  return action === "cancel"
    ? {
      ...question,
      action: `Yes, cancel ${jobs}`,
      dismiss: count === 1 ? "No, keep it" : "No, keep them",
    }
    : question;
}
