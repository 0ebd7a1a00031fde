/**
 * The storm campaign: a million jobs that are due, freed or cancelled at one moment.
 *
 * @module
 */

import type { Campaign, Findings } from "../campaign.ts";
import { Scene } from "../../store/scene.ts";
import { sqliteStorage } from "../../store/sqlite_storage.ts";
import { childrenOf } from "../../store/conformance/family.ts";
import { FAILED } from "../../store/scene.ts";
import { STORMS } from "../storm/storms.ts";
import { weather } from "../storm/weather.ts";

/** Milliseconds: 99 of 100 ticks are to be shorter, whatever else the machine does. */
const LONG_TICK = 500;
/** Half of the shortest lease that can be set: what is claimed later than that is given back. */
const LONGEST_TICK = 2500;
/** Milliseconds that an `enqueue` of another process may wait, beside ticks without a pause: it has 10 s. */
const LONGEST_ENQUEUE = 5000;
/** More than a tick's portion cannot move in it, but for what it claims itself. */
const MOST_MOVED = 1010;
const DEPENDENTS = 50_000;

/** The sizes of a campaign. */
export interface StormOptions {
  /** So many in each storm. */
  readonly jobs: number;
  readonly progress: (sentence: string) => void;
}

/** Plays each storm beside another process that enqueues. */
export async function stormCampaign({ jobs, progress }: StormOptions): Promise<Findings> {
  const figures: Record<string, number | string> = { jobs };
  const faults: string[] = [];
  for (const [name, storm] of Object.entries(STORMS)) {
    progress(`${name}: ${jobs} jobs`);
    await using scene = await Scene.set(sqliteStorage);
    let enqueuer: Enqueuer | null = null;
    const seen = await weather(scene, storm, jobs, () => {
      enqueuer = startEnqueuer(scene.store.location);
    });
    const { longest, enqueues } = await stop(enqueuer!);
    figures[`${name}_ticks`] = seen.ticks;
    const [half, most, all] = [0.5, 0.99, 1].map((part) => quantile(seen.durations, part));
    figures[`${name}_tick_ms`] = `${half}, 99 % ${most}, all ${all}`;
    figures[`${name}_enqueues`] = enqueues;
    figures[`${name}_longest_enqueue_ms`] = Math.round(longest);
    if (all! > LONGEST_TICK) faults.push(`${name}: a tick took ${all} ms`);
    if (seen.ticks >= 100 && most! > LONG_TICK) {
      faults.push(`${name}: one tick in a hundred took ${most} ms`);
    }
    if (longest > LONGEST_ENQUEUE) faults.push(`${name}: an enqueue waited ${longest} ms`);
    if (seen.mostMoved > MOST_MOVED) faults.push(`${name}: a tick moved ${seen.mostMoved} jobs`);
    if (seen.idleTicks > 0) {
      faults.push(`${name}: ${seen.idleTicks} ticks did not fill their slots`);
    }
  }
  // A known limit, so a figure and not a rule: this is one transaction.
  figures.retry_of_50000_dependents_ms = await timeRetry();
  return { figures, faults };
}

function quantile(sorted: readonly number[], part: number): number {
  return Math.round(sorted[Math.ceil(sorted.length * part) - 1] ?? 0);
}

type Enqueuer = Deno.ChildProcess;

function startEnqueuer(store: string): Enqueuer {
  const program = new URL("../storm/enqueuer.ts", import.meta.url);
  const config = new URL("../../deno.json", import.meta.url);
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      "--no-check",
      "--config",
      config.pathname,
      program.pathname,
      store,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
}

async function stop(enqueuer: Enqueuer): Promise<{ enqueues: number; longest: number }> {
  await enqueuer.stdin.close();
  return await new Response(enqueuer.stdout).json();
}

async function timeRetry(): Promise<number> {
  await using scene = await Scene.set(sqliteStorage);
  const worker = await scene.worker("w");
  await scene.enqueue("parent");
  await scene.store.enqueue(childrenOf("parent", DEPENDENTS));
  await worker.run(FAILED);
  await worker.calm();
  const start = performance.now();
  await scene.store.retry("parent", ["dead"]);
  return Math.round(performance.now() - start);
}

/** Issue 4, point 5. */
export const storm: Campaign = {
  name: "storm",
  title: "A million jobs at one moment: due after a failure, due, freed and cancelled by a parent",
  run: ({ scale, progress }) => stormCampaign({ jobs: Math.round(1_000_000 * scale), progress }),
};
