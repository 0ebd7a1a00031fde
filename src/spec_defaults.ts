/**
 * What a job takes from the config.
 *
 * @module
 */

import type { Config } from "./config.ts";
import type { SpecDefaults } from "./job/spec.ts";

/** Where a job is made. */
export interface SpecPlace {
  /** The absolute directory of whoever makes it; null where every directory is absolute. */
  readonly directory: string | null;
  /** Whether it may run on another machine, which need not have that directory. */
  readonly isShared: boolean;
}

/** What a job that is made now takes from the config and its place where its spec says nothing. */
export function specDefaults(config: Config, { directory, isShared }: SpecPlace): SpecDefaults {
  return {
    maxRetries: config.defaultMaxRetries,
    backoffBase: config.backoffBase,
    backoffMax: config.backoffMax,
    backoffJitter: config.backoffJitter,
    timeout: config.defaultTimeout,
    cwd: isShared ? null : directory,
    base: directory,
  };
}
