/// <reference lib="dom" />
/**
 * The attempts of a job, one after the other, each as long as it took.
 *
 * @module
 */

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type Bar, timelineOf } from "./attempt_timeline.ts";
import { now } from "./clock.ts";
import { Time, UserText } from "./components.tsx";
import { countOf, formatBytes, formatSeconds } from "./format.ts";
import type { AttemptJson } from "./job_shapes.ts";
import { linkTo, place } from "./router.ts";

/** So many are shown before somebody asks for all. */
const SHOWN = 20;

/** What the list is told. */
export interface AttemptsProps {
  /** Oldest first. */
  readonly attempts: readonly AttemptJson[];
  /** Whose output is shown; null if none. */
  readonly chosen: number | null;
  /** When the next one is due; null if that is not known. */
  readonly due: string | null;
}

/** The list, newest first. */
export function Attempts({ attempts, chosen, due }: AttemptsProps): JSX.Element {
  const [all, setAll] = useState(false);
  const running = attempts.some(({ finished_at }) => finished_at === null);
  const bars = timelineOf(attempts, running ? now.value : 0).toReversed();
  const shown = all ? bars : bars.slice(0, SHOWN);
  return (
    <>
      <ol class="attempts" reversed>
        {due === null ? null : (
          <li class="attempt attempt-due" value={attempts.length + 1}>
            <span class="faint">
              The next one is due <Time at={due} />
            </span>
          </li>
        )}
        {shown.map((bar) => (
          <AttemptRow key={bar.attempt.attempt} bar={bar} chosen={bar.attempt.attempt === chosen} />
        ))}
      </ol>
      {shown.length < bars.length
        ? (
          <button type="button" class="small" onClick={() => setAll(true)}>
            Show all {countOf(bars.length, "attempt")}
          </button>
        )
        : null}
    </>
  );
}

function AttemptRow({ bar, chosen }: { readonly bar: Bar; readonly chosen: boolean }): JSX.Element {
  const { attempt, seconds, share, waited } = bar;
  const outcome = attempt.outcome ?? "running";
  const { path, query } = place.value;
  return (
    <li class={`attempt outcome-${outcome}`} value={attempt.attempt}>
      <a
        class="attempt-head"
        href={linkTo(path, { ...query, attempt: String(attempt.attempt) })}
        aria-current={chosen ? "true" : undefined}
      >
        <span class="attempt-number">Attempt {attempt.attempt}</span>
        <span class="outcome">{outcome.replaceAll("_", " ")}</span>
        <span class="attempt-track" aria-hidden="true">
          <span class="attempt-bar" style={{ width: `${Math.max(0.5, share * 100)}%` }} />
        </span>
        <span class="number attempt-took">{formatSeconds(seconds)}</span>
      </a>
      <div class="attempt-facts">
        <span>
          began <Time at={attempt.started_at} />
        </span>
        {waited === null ? null : <span>after a wait of {formatSeconds(waited)}</span>}
        {attempt.exit_code === null || attempt.error !== null
          ? null
          : <span>exit code {attempt.exit_code}</span>}
        {/* Counted at the end. */}
        {attempt.finished_at === null
          ? null
          : <span>{formatBytes(attempt.output_bytes)} of output</span>}
        <span>
          worker <UserText text={attempt.worker_id} /> on <UserText text={attempt.host} />
        </span>
      </div>
      {attempt.error === null ? null : (
        <div class="attempt-error">
          <UserText text={attempt.error} />
        </div>
      )}
    </li>
  );
}
