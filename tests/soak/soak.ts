/**
 * `deno task soak [NAME…] [--seed N] [--scale N] [--store KIND] [--json]`: runs campaigns of faults and sums up each one.
 *
 * It ends with 1 if a rule was broken. The seed is printed, and repeats the campaign as far as processes
 * and clocks allow.
 *
 * @module
 */

import { parseArgs } from "node:util";
import type { Campaign, Findings } from "./campaign.ts";
import { crowd } from "./campaigns/crowd.ts";
import { flood } from "./campaigns/flood.ts";
import { histories } from "./campaigns/histories.ts";
import { input } from "./campaigns/input.ts";
import { kills } from "./campaigns/kills.ts";
import { load } from "./campaigns/load.ts";
import { postgres } from "./campaigns/postgres.ts";
import { power } from "./campaigns/power.ts";
import { storm } from "./campaigns/storm.ts";
import { updates } from "./campaigns/updates.ts";
import { zombies } from "./campaigns/zombies.ts";

const CAMPAIGNS: readonly Campaign[] = [
  crowd,
  flood,
  histories,
  input,
  kills,
  load,
  postgres,
  power,
  storm,
  updates,
  zombies,
];

interface Summary extends Findings {
  readonly name: string;
  readonly store: string;
  readonly seed: number;
  readonly scale: number;
  readonly seconds: number;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
      scale: { type: "string", default: "1" },
      store: { type: "string", default: "sqlite" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(
      "deno task soak [NAME…] [--seed N] [--scale N] [--store sqlite|postgres] [--json]; the campaigns are:\n",
    );
    for (const { name, title } of CAMPAIGNS) console.log(`  ${name.padEnd(10)} ${title}`);
    return 0;
  }
  const names = CAMPAIGNS.map(({ name }) => name);
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new Error(`There is no campaign ${unknown}; there are: ${names.join(", ")}`);
  }
  const seed = positive("seed", values.seed);
  const scale = positive("scale", values.scale);
  const { store } = values;
  if (store !== "sqlite" && store !== "postgres") throw new Error("--store is sqlite or postgres");
  const summaries: Summary[] = [];
  for (const campaign of CAMPAIGNS) {
    if (positionals.length > 0 && !positionals.includes(campaign.name)) continue;
    const progress = (sentence: string) => console.error(`${campaign.name}: ${sentence}`);
    progress(`${campaign.title} (seed ${seed})`);
    const start = performance.now();
    const findings = await campaign.run({ seed, scale, store, progress });
    const seconds = Math.round((performance.now() - start) / 1000);
    const summary = { name: campaign.name, store, seed, scale, seconds, ...findings };
    summaries.push(summary);
    if (!values.json) console.log(report(summary));
  }
  if (values.json) console.log(JSON.stringify(summaries, null, 2));
  return summaries.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`--${flag} takes a number above 0`);
}

/** A line of figures, and one for each broken rule. */
function report({ name, store, seed, scale, seconds, figures, faults }: Summary): string {
  const shown = Object.entries({ ...figures, seconds }).map(([what, value]) => `${what} ${value}`);
  const verdict = faults.length === 0 ? "all rules held" : `${faults.length} rules were broken`;
  return [
    `${name}: ${shown.join(", ")}: ${verdict}`,
    ...faults.map((fault) => `  ${fault}`),
    `  again: deno task soak ${name} --seed ${seed} --scale ${scale} --store ${store}`,
  ].join("\n");
}

try {
  Deno.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exitCode = 1;
}
