/**
 * A campaign of faults: real work for minutes or hours, and rules that must hold whatever happened. The
 * normal tests run the same campaigns, smaller.
 *
 * @module
 */

import type { StoreKind } from "../flows/stage_store.ts";

/** How a campaign is run. */
export interface CampaignOptions {
  /** All that is random follows from it. */
  readonly seed: number;
  /** How much of it: 1 is a soak of a few minutes. */
  readonly scale: number;
  /** What holds the store; a campaign that is about the file does not ask. */
  readonly store: StoreKind;
  /** Says how far it is. */
  readonly progress: (sentence: string) => void;
}

/** What a campaign did and found. */
export interface Findings {
  /** Counts and measures by their names, such as `jobs` or `kills`, in the order in which they are shown. */
  readonly figures: Readonly<Record<string, number | string>>;
  /** What broke a rule, each in one sentence; empty if all is well. */
  readonly faults: readonly string[];
}

/** A kind of proof. */
export interface Campaign {
  /** For the command line. */
  readonly name: string;
  /** What is done, and which rules must hold. */
  readonly title: string;
  run(options: CampaignOptions): Promise<Findings>;
}
