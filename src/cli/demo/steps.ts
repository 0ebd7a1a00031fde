/**
 * The demo, in its order.
 *
 * @module
 */

import type { Step } from "./step.ts";
import { COMPRESS_FILES } from "./steps/compress_files.ts";
import { DEAD_LETTER } from "./steps/dead_letter.ts";
import { KILL_WORKER } from "./steps/kill_worker.ts";
import { RESTART } from "./steps/restart.ts";
import { RETRY_FAILURE } from "./steps/retry_failure.ts";
import { RUN_IN_PARALLEL } from "./steps/run_in_parallel.ts";

/** All steps. Each brings its own jobs; the last one looks at those of the others as well. */
export const STEPS: readonly Step[] = [
  COMPRESS_FILES,
  RETRY_FAILURE,
  DEAD_LETTER,
  RUN_IN_PARALLEL,
  KILL_WORKER,
  RESTART,
];
