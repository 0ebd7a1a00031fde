/**
 * What the tests of the routes are made of.
 *
 * @module
 */

import type { Contract } from "../contract.ts";

/** Asks for something, on a dashboard of its own, and looks at what comes. */
export type Scenario = (api: Contract) => Promise<void>;

/** Scenarios by what they show. */
export type Scenarios = Readonly<Record<string, Scenario>>;

/** The ids of a list of jobs. */
export function idsOf(jobs: readonly { readonly id: string }[]): string {
  return jobs.map(({ id }) => id).join();
}
