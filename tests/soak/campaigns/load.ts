/**
 * The load campaign: short jobs by the ten thousand through one worker, which must not
 * grow in any way.
 *
 * @module
 */

import assert from "node:assert/strict";
import { Stage } from "../../flows/stage.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { Ledger } from "../kills/ledger.ts";
import { Gauge, median, type Sample } from "../load/gauge.ts";

/** The sizes of a campaign. */
export interface LoadOptions {
  readonly jobs: number;
  /** Whether memory and speed are judged, too: that takes some 10,000 jobs. */
  readonly judgesTrend: boolean;
  readonly progress: (sentence: string) => void;
}

/** Jobs that are there before anything is measured: what is made once is made by then. */
const WARM_UP = 500;
const SLOTS = 4;
/** So many `enqueue`, the last one in the middle of the work. */
const ENQUEUES = 5;
/** Megabytes. */
const MAX_WAL = 80;
/** 110 were seen: 47 of the runtime's file, 32 of V8 in two threads, 4 of SQLite's cache. */
const MAX_MEMORY = 140;
/** The median of the last tenth may be this much above that of the third. */
const MAX_GROWTH = 1.15;
/** The last tenth has this much of the first one's speed, at least. */
const MIN_SPEED = 0.9;
/** A running job has two spool files open; a doorbell, and the lock of the turnstile, come and go. */
const DESCRIPTORS_OF_JOB = 2;
const PASSING_DESCRIPTORS = 4;

/** Runs the jobs, and looks whether anything grew. */
export async function loadCampaign(stage: Stage, options: LoadOptions): Promise<Findings> {
  const { jobs, judgesTrend, progress } = options;
  await enqueue(stage, WARM_UP);
  const worker = await stage.worker(["--count", String(SLOTS), "--queue", "default"]);
  // Others have the store open, and do nothing with it.
  await stage.worker(["--queue", "other"]);
  await using idle = await Ledger.open(stage);
  await idle.count("SELECT count(*) FROM job");
  await using ledger = await Ledger.open(stage);
  const gauge = new Gauge(stage, ledger, worker.pid);
  const until = (count: number) =>
    waitFor(async () => (await gauge.look()).done >= count, {
      timeout: 60_000 + jobs * 20,
      interval: 200,
      message: () => `${count} jobs: ${JSON.stringify(gauge.samples.at(-1))}`,
    });
  await until(WARM_UP);
  const before = await rest(gauge);
  gauge.samples.length = 0;

  const part = Math.ceil(jobs / ENQUEUES);
  await stage.ok("queue", "pause", "default");
  await Promise.all(Array.from({ length: ENQUEUES - 1 }, () => enqueue(stage, part)));
  await stage.ok("queue", "resume", "default");
  await until(WARM_UP + jobs / 2);
  progress("half of the jobs have run");
  await enqueue(stage, part);
  const all = WARM_UP + part * ENQUEUES;
  await until(all);
  const after = await rest(gauge);

  const tenth = part * ENQUEUES / 10;
  const early = WARM_UP + 2 * tenth;
  const memory = {
    early: gauge.median("memory", early, early + tenth),
    late: gauge.median("memory", all - tenth, all),
  };
  const speed = await speeds(ledger, WARM_UP, all);
  const failed = await ledger.count("SELECT count(*) FROM attempt WHERE outcome <> 'completed'");
  const attempts = await ledger.count("SELECT count(*) FROM attempt");
  const faults = [
    ...differences(before, after),
    ...bound(
      "descriptors",
      gauge,
      before.descriptors + SLOTS * DESCRIPTORS_OF_JOB + PASSING_DESCRIPTORS,
    ),
    ...bound("children", gauge, SLOTS),
    ...bound("wal", gauge, MAX_WAL),
    ...attempts === all && failed === 0 ? [] : [`${attempts} attempts, of which ${failed} failed`],
    ...judgesTrend ? judgeTrend(gauge, memory, speed) : [],
  ];
  return {
    figures: {
      jobs: all,
      perSecond: Math.round(speed.whole),
      perSecondFirstTenth: Math.round(speed.first),
      perSecondLastTenth: Math.round(speed.last),
      memoryThirdTenthMB: Math.round(memory.early),
      memoryLastTenthMB: Math.round(memory.late),
      memoryMostMB: Math.round(gauge.most("memory")),
      memoryByTenthMB: byTenth(gauge, tenth),
      descriptorsBefore: before.descriptors,
      descriptorsMost: gauge.most("descriptors"),
      descriptorsAfter: after.descriptors,
      threadsBefore: before.threads,
      threadsMost: gauge.most("threads"),
      threadsAfter: after.threads,
      childrenMost: gauge.most("children"),
      walMostMB: Math.round(gauge.most("wal")),
    },
    faults,
  };
}

function byTenth(gauge: Gauge, tenth: number): string {
  const medians = Array.from({ length: 10 }, (_, n) => {
    const from = WARM_UP + n * tenth;
    return gauge.median("memory", from, from + tenth);
  });
  return medians.map((megabytes) => Math.round(megabytes)).join(" ");
}

async function enqueue(stage: Stage, count: number): Promise<void> {
  const stdin = Array.from({ length: count }, () => '{"command":"true"}').join("\n");
  const { code, stderr } = await stage.run(["enqueue"], { stdin });
  assert.equal(code, 0, stderr);
}

/** What it takes up while it has nothing to do: the same in two looks, one after the other. */
async function rest(gauge: Gauge): Promise<Sample> {
  let last = await gauge.look();
  return await waitFor(async () => {
    const before = last;
    last = await gauge.look();
    const isSame = last.descriptors === before.descriptors && last.children === before.children;
    return isSame && last;
  }, { interval: 500 });
}

function differences(before: Sample, after: Sample): string[] {
  const kept = ["descriptors", "children"] as const;
  return kept.filter((what) => before[what] !== after[what])
    .map((what) =>
      `at rest it had ${before[what]} ${what} before the jobs, and has ${after[what]}`
    );
}

function bound(what: keyof Sample, gauge: Gauge, limit: number): string[] {
  const most = gauge.most(what);
  return most <= limit ? [] : [`${what} were ${most} at most, above ${limit}`];
}

interface Speeds {
  readonly whole: number;
  readonly first: number;
  readonly last: number;
}

/** Jobs per second: of each tenth the median of ten slices. */
async function speeds(ledger: Ledger, from: number, to: number): Promise<Speeds> {
  const times = (await ledger.ask("SELECT finished_at FROM attempt ORDER BY finished_at"))
    .map((row) => row.finished_at as number).slice(from, to);
  const slice = Math.floor(times.length / 100);
  const speed = (begin: number, end: number) =>
    (end - begin) * 1000 / Math.max(1, times[end]! - times[begin]!);
  const ofTenth = (first: number) =>
    median(Array.from({ length: 10 }, (_, n) => {
      const begin = (first + n) * slice;
      return speed(begin, Math.min(begin + slice, times.length - 1));
    }));
  return { whole: speed(0, times.length - 1), first: ofTenth(0), last: ofTenth(90) };
}

function judgeTrend(
  gauge: Gauge,
  memory: { readonly early: number; readonly late: number },
  speed: Speeds,
): string[] {
  const { early, late } = memory;
  const isFlat = late <= early * MAX_GROWTH;
  const isSlower = speed.last < speed.first * MIN_SPEED;
  return [
    ...isFlat ? [] : [`its memory grew from ${early.toFixed()} to ${late.toFixed()} MB`],
    ...bound("memory", gauge, MAX_MEMORY),
    ...isSlower ? [`it fell from ${speed.first.toFixed()} to ${speed.last.toFixed()} jobs/s`] : [],
  ];
}

/** At scale 1: 100,000 jobs. */
export const load: Campaign = {
  name: "load",
  title:
    "100,000 short jobs through one worker: memory, descriptors, log and speed stay as they are",
  async run({ scale, store, progress }) {
    await using dir = await tempDir();
    await using stage = await Stage.open("source", dir, store);
    const jobs = Math.ceil(100_000 * scale);
    const findings = await loadCampaign(stage, { jobs, judgesTrend: true, progress });
    await stage.finish();
    return findings;
  },
};
