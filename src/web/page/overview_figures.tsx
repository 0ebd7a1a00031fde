/// <reference lib="dom" />
/**
 * The overview in numbers.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { now } from "./clock.ts";
import { countOf, formatCount, formatSeconds, formatShare } from "./format.ts";
import { shownStatistics, spanName } from "./overview_window.tsx";
import { linkTo, PATHS } from "./router.ts";
import type { LiveStatus } from "./shapes.ts";

/** The numbers. */
export function Figures({ status: known }: { readonly status: LiveStatus }): JSX.Element {
  const figures = shownStatistics();
  const live = known.workers.filter(({ state }) => state !== "lost");
  const slots = live.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = live.reduce((sum, worker) => sum + worker.busy, 0);
  const oldest = known.oldest_pending_seconds;
  // It goes on waiting between two messages of the server.
  const since = (now.value - Date.parse(known.now)) / 1000;
  return (
    <dl class="figures-row">
      <Figure name="Busy slots" link={PATHS.workers} note={countOf(live.length, "worker")}>
        {slots === 0 ? "–" : `${formatCount(busy)} of ${formatCount(slots)}`}
        {slots === 0 ? null : (
          <span class="bar" aria-hidden="true">
            <i style={{ width: `${Math.min(1, busy / slots) * 100}%` }} />
          </span>
        )}
      </Figure>
      <Figure
        name="Oldest waiting"
        link={linkTo(PATHS.jobs, { state: "pending", sort: "oldest" })}
        note="of the pending jobs"
      >
        {oldest === null ? "–" : formatSeconds(Math.max(0, oldest + Math.max(0, since)))}
      </Figure>
      <Figure name="Throughput" note={`attempts ended in the last ${spanName()}`}>
        {figures === null ? "–" : formatCount(figures.completed + figures.failed)}
      </Figure>
      <Figure
        name="Failure rate"
        note={figures === null ? "" : `${formatCount(figures.failed)} failed`}
      >
        <span class={(figures?.failure_rate ?? 0) >= 0.05 ? "bad" : ""}>
          {formatShare(figures?.failure_rate ?? null)}
        </span>
      </Figure>
      <Figure name="Median duration" note="half of the attempts are quicker">
        {formatSeconds(figures?.p50_seconds ?? null)}
      </Figure>
      <Figure name="95th percentile" note="1 in 20 attempts takes longer">
        {formatSeconds(figures?.p95_seconds ?? null)}
      </Figure>
    </dl>
  );
}

function Figure(
  { name, note, link, children }: {
    readonly name: string;
    readonly note: string;
    readonly link?: string;
    readonly children: ComponentChildren;
  },
): JSX.Element {
  return (
    <div class="figure">
      <dt>{link === undefined ? name : <a href={link}>{name}</a>}</dt>
      <dd class="figure-value">{children}</dd>
      <dd class="figure-note">{note}</dd>
    </div>
  );
}
