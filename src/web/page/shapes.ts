/**
 * What the page gets from the API: the shapes that the commands print, and the few that only it has.
 *
 * @module
 */

import type { State } from "../../job/state.ts";
import type { Progress } from "../../job/job.ts";
import type { QueueJson } from "../../json/queue_json.ts";
import type { ScheduleJson } from "../../json/schedule_json.ts";
import type { StatusJson } from "../../json/status_json.ts";
import type { WorkerJson } from "../../json/worker_json.ts";

export type { QueueJson, ScheduleJson, State, StatusJson, WorkerJson };
export type { Counts } from "../../json/queue_json.ts";
export type { AttemptJson, JobJson } from "../../job/json.ts";

/** GET /api/session. */
export interface SessionJson {
  readonly authenticated: boolean;
  readonly token_required: boolean;
  readonly read_only: boolean;
  readonly version: string;
}

/** The event `status`: what `status --json` prints, and when it was read. */
export interface LiveStatus extends StatusJson {
  /** RFC 3339, by the server's clock. */
  readonly now: string;
}

/** What ended within one step. */
export interface StatisticsPointJson {
  readonly at: string;
  readonly completed: number;
  readonly failed: number;
  readonly p50_seconds: number | null;
  readonly p95_seconds: number | null;
}

/** GET /api/statistics. */
export interface StatisticsJson {
  readonly window_seconds: number;
  readonly step_seconds: number;
  readonly points: readonly StatisticsPointJson[];
  readonly completed: number;
  readonly failed: number;
  /** 0 to 1; null if nothing ended. */
  readonly failure_rate: number | null;
  readonly p50_seconds: number | null;
  readonly p95_seconds: number | null;
}

/** The event `statistics`. */
export interface LiveStatistics {
  readonly hour: StatisticsJson;
  readonly day: StatisticsJson;
}

/** What a worker runs. */
export interface RunningJobJson {
  readonly id: string;
  readonly command: string;
  readonly queue: string;
  readonly attempt: number;
  readonly started_at: string;
  readonly progress: Progress | null;
}

/** An entry of GET /api/workers. */
export interface BusyWorkerJson extends WorkerJson {
  readonly jobs: readonly RunningJobJson[];
}

/** An entry of GET /api/schedules. */
export interface NextScheduleJson extends ScheduleJson {
  /** The next firings; none while it is paused. */
  readonly next: readonly string[];
}
