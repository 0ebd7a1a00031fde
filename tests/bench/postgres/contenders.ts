/**
 * Who is compared.
 *
 * @module
 */

import { REPOSITORY } from "../../toolchain/folders.ts";
import type { Open } from "./contender.ts";

/** Where a contender is found, and what its packages are. */
interface Entry {
  /** A module of `tests/bench/`. */
  readonly module: string;
  /** What it exports for this one, an {@linkcode Open}. */
  readonly name: string;
  /** A configuration of Deno's in `tests/`. */
  readonly config: string;
}

const QUEUECTL = { module: "postgres/queuectl.ts", config: "deno.json" };
const GRAPHILE = { module: "peers/graphile_worker.ts", config: "bench/peers/deno.json" };
const BOSS = { module: "peers/pg_boss.ts", config: "bench/peers/deno.json" };

const CONTENDERS: Readonly<Record<string, Entry>> = {
  "queuectl, 24 slots, 476 ahead": { ...QUEUECTL, name: "openFastest" },
  "queuectl, 16 slots": { ...QUEUECTL, name: "openPlain" },
  "graphile-worker, local queue of 500": { ...GRAPHILE, name: "openFastest" },
  "graphile-worker, plain": { ...GRAPHILE, name: "openPlain" },
  "pg-boss, batches of 500": { ...BOSS, name: "openFastest" },
  "pg-boss, plain": { ...BOSS, name: "openPlain" },
};

/** The names, as the report shows them. */
export const CONTENDER_NAMES: readonly string[] = Object.keys(CONTENDERS);

/** The path of the configuration with which a contender is run. */
export function configOf(name: string): string {
  return `${REPOSITORY}tests/${entryOf(name).config}`;
}

/** Imports a contender, and no other: that takes the configuration that is its own. */
export async function importContender(name: string): Promise<Open> {
  const entry = entryOf(name);
  const module: Record<string, Open> = await import(`${REPOSITORY}tests/bench/${entry.module}`);
  return module[entry.name]!;
}

function entryOf(name: string): Entry {
  const entry = CONTENDERS[name];
  if (entry === undefined) throw new Error(`There is no contender ${name}`);
  return entry;
}
