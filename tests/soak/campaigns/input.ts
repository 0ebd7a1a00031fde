/**
 * Inputs by the ten thousand: whatever is typed, piped, imported or stored, nothing crashes, hangs, changes
 * what it refuses, or reaches a terminal unescaped.
 *
 * @module
 */

import { INPUT_PROPERTIES } from "../../input/properties.ts";
import type { Campaign, CampaignOptions, Findings } from "../campaign.ts";

/** So many times the inputs of a normal test are tried, at scale 1. */
const TIMES = 40;

/** How much is tried. */
export interface InputSizes extends Pick<CampaignOptions, "seed" | "progress"> {
  /** How many times the inputs of a normal test; each time from a seed of its own. */
  readonly times: number;
}

/** Tries inputs of every kind. */
export async function tryInputs({ times, seed, progress }: InputSizes): Promise<Findings> {
  const total = { inputs: 0, accepted: 0, refused: 0 };
  const faults: string[] = [];
  for (const property of INPUT_PROPERTIES) {
    for (let time = 0; time < times; time++) {
      try {
        const tally = await property.check({ runs: property.runs, seed: seed + time });
        total.inputs += tally.inputs;
        total.accepted += tally.accepted;
        total.refused += tally.refused;
      } catch (error) {
        faults.push(`${property.title}: ${describe(error)}`);
        // The others of this kind would most likely find the same.
        break;
      }
    }
    progress(`${property.title}: ${total.inputs} inputs so far, ${faults.length} faults`);
  }
  return { figures: { ...total, faults: faults.length }, faults };
}

/** What fast-check says, with its seed, and the rule that was broken. */
function describe(error: unknown): string {
  const { message, cause } = error as Error;
  const why = cause instanceof Error ? cause.message : "";
  return `${message.slice(0, 2000)} ${why.slice(0, 2000)}`.replaceAll(/\s*\n\s*/g, " ");
}

/** The campaign of inputs. */
export const input: Campaign = {
  name: "input",
  title: "Hostile, broken and random input is understood or refused, and harms nothing",
  run: ({ seed, scale, progress }) =>
    tryInputs({ times: Math.max(1, Math.round(TIMES * scale)), seed, progress }),
};
