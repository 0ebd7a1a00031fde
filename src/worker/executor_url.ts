/**
 * Where the executor's code is.
 *
 * @module
 */

import { moduleUrl } from "../lazy.ts";

/** The module that a `Worker` for an executor starts with. */
export function executorUrl(): URL {
  return moduleUrl("worker/executor");
}
