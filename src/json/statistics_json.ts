/**
 * What ended lately as JSON: for the charts of the dashboard, and for scripts.
 *
 * @module
 */

import type { OutcomeKind } from "../job/outcome.ts";
import { formatTime } from "../job/time.ts";
import { mergeDurations, quantileOf } from "../observe/durations.ts";
import { FAILURES, type Statistics, type StatisticsPoint } from "../store/statistics.ts";
import type { Store } from "../store/store.ts";

/** What ended within one step. */
export interface StatisticsPointJson {
  /** When the step began. */
  at: string;
  completed: number;
  /** Attempts that failed, each of them. */
  failed: number;
  /** How long attempts took; null if none ended. */
  p50_seconds: number | null;
  p95_seconds: number | null;
}

/** What ended within a window. */
export interface StatisticsJson {
  window_seconds: number;
  step_seconds: number;
  /** In order of time, evenly spaced; the last step goes on. */
  points: readonly StatisticsPointJson[];
  completed: number;
  failed: number;
  /** 0 to 1; null if nothing ended. */
  failure_rate: number | null;
  p50_seconds: number | null;
  p95_seconds: number | null;
}

/** A chart of more points is no clearer. */
const MOST_POINTS = 100;

const MINUTE = 60_000;

/** What steps may be, minutes; what is long is stored by the quarter of an hour. */
const STEPS = [1, 15, 30, 60, 120, 240];

/** For how long it is asked. */
export interface StatisticsRequest {
  /** Milliseconds. */
  readonly window: number;
  /** One queue alone; absent: all together. */
  readonly queue?: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Reads what ended in the window before now, in at most a hundred even steps. */
export async function readStatistics(
  store: Pick<Store, "statistics">,
  { window, queue, now }: StatisticsRequest,
): Promise<StatisticsJson> {
  const options = queue === undefined ? {} : { queue };
  const step = stepOf(window);
  // Until the end of the step that has begun, so that what just ended is in it.
  const until = Math.floor(now / step) * step + step;
  const since = until - Math.ceil(window / step) * step;
  const statistics = await store.statistics(since, until, options);
  return statisticsToJson({ ...statistics, since, until }, { window, step });
}

function stepOf(window: number): number {
  const minutes = STEPS.find((minutes) => window / (minutes * MINUTE) <= MOST_POINTS);
  return (minutes ?? STEPS.at(-1)!) * MINUTE;
}

/** The statistics in their printed shape; the step is a multiple of theirs. */
function statisticsToJson(
  { since, until, points }: Pick<Statistics, "since" | "until" | "points">,
  { window, step }: { readonly window: number; readonly step: number },
): StatisticsJson {
  const byStep = Map.groupBy(points, ({ at }) => Math.floor((at - since) / step));
  return {
    window_seconds: window / 1000,
    step_seconds: step / 1000,
    points: Array.from({ length: (until - since) / step }, (_, i) => ({
      at: formatTime(since + i * step)!,
      ...summaryOf(byStep.get(i) ?? []),
    })),
    ...withRate(summaryOf(points)),
  };
}

type Summary = Omit<StatisticsPointJson, "at">;

function summaryOf(points: readonly StatisticsPoint[]): Summary {
  const completed = points.filter(({ outcome }) => outcome === "completed");
  const failed = points.filter(({ outcome }) => isFailure(outcome));
  const durations = mergeDurations([...completed, ...failed].map(({ durations }) => durations));
  return {
    completed: total(completed),
    failed: total(failed),
    p50_seconds: secondsOf(quantileOf(durations, 0.5)),
    p95_seconds: secondsOf(quantileOf(durations, 0.95)),
  };
}

function withRate({ completed, failed, ...rest }: Summary) {
  const ended = completed + failed;
  return { completed, failed, failure_rate: ended === 0 ? null : failed / ended, ...rest };
}

/** A lost attempt failed too; one that was handed back or cancelled did neither. */
function isFailure(outcome: OutcomeKind): boolean {
  return FAILURES.includes(outcome);
}

function total(points: readonly StatisticsPoint[]): number {
  return points.reduce((sum, { count }) => sum + count, 0);
}

function secondsOf(milliseconds: number | null): number | null {
  return milliseconds === null ? null : Math.round(milliseconds) / 1000;
}
