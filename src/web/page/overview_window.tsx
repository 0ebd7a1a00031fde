/// <reference lib="dom" />
/**
 * Which time the overview tells of: the last hour, or the last day.
 *
 * @module
 */

import type { JSX } from "preact";
import { statistics } from "./live.ts";
import { linkTo, PATHS, place } from "./router.ts";
import type { StatisticsJson } from "./shapes.ts";

/** Whether the last day is shown, not the last hour. */
export function isDay(): boolean {
  return place.value.query.window === "24h";
}

/** `hour` or `day`: what is shown is that of the last one. */
export function spanName(): string {
  return isDay() ? "day" : "hour";
}

/** The statistics of the time that is shown; null if they have not come yet. */
export function shownStatistics(): StatisticsJson | null {
  const known = statistics.value;
  return known === null ? null : isDay() ? known.day : known.hour;
}

/** Whether no attempt ended within the time. */
export function isQuiet({ completed, failed }: StatisticsJson): boolean {
  return completed + failed === 0;
}

/** Chooses the time. */
export function WindowSwitch(): JSX.Element {
  const day = isDay();
  return (
    <div class="switch" role="group" aria-label="Time shown">
      <a href={PATHS.overview} aria-current={day ? undefined : "true"}>Last hour</a>
      <a href={linkTo(PATHS.overview, { window: "24h" })} aria-current={day ? "true" : undefined}>
        Last day
      </a>
    </div>
  );
}
