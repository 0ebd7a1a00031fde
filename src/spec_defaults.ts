/**
 * What a job takes from the config.
 *
 * @module
 */

import type { Config } from "./config.ts";
import type { SpecDefaults } from "./job/spec.ts";

/** What a job that is made now takes from the config and a directory where its spec says nothing. */
export function specDefaults(config: Config, cwd: string | null): SpecDefaults {
  return {
    maxRetries: config.defaultMaxRetries,
    backoffBase: config.backoffBase,
    backoffMax: config.backoffMax,
    backoffJitter: config.backoffJitter,
    timeout: config.defaultTimeout,
    cwd,
  };
}
