/**
 * What the views of jobs get from the API.
 *
 * @module
 */

import type { AttemptJson, JobJson } from "../../job/json.ts";
import type { ExplanationJson } from "../../json/explanation_json.ts";

export type { AttemptJson, ExplanationJson, JobJson };

/** GET /api/jobs/{id}. */
export interface JobDetailJson extends JobJson {
  /** Oldest first. */
  readonly attempt_log: readonly AttemptJson[];
}

/** GET /api/jobs. */
export interface JobPageJson {
  readonly jobs: readonly JobJson[];
  /** Where the next page begins; null at the end. */
  readonly next: string | null;
  /** How many match in all; null where counting them would take too long. */
  readonly total: number | null;
  /** How far back was looked, where the search stopped early. */
  readonly searched_to: string | null;
}

/** An entry of GET /api/dlq/groups: dead jobs with the same error. */
export interface ErrorGroupJson {
  readonly error: string | null;
  readonly count: number;
  /** The id of the one that ended last. */
  readonly newest: string;
  readonly newest_at: string;
}
