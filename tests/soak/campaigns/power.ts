/**
 * The power campaign: the power goes at any moment of real work. What a user was told
 * is done is there afterwards, the store is sound, and a worker goes on with it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { sleep } from "../../../src/worker/sleep.ts";
import { queuectl } from "../../helpers/cli.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { Stage } from "../../flows/stage.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { type Cut, CUTS, Disk, type Image } from "../power/disk.ts";
import { DIARY, SAID, script, STORE, type Work } from "../power/script.ts";
import { type Call, findTracer, readTrace, type Tracer } from "../power/trace.ts";
import { copyLive, type Live } from "../power/live.ts";
import { judge, type Seen, seenIn, type Verdict } from "../power/verdict.ts";
import { Random } from "../random.ts";

/** The sizes of a campaign. */
export interface PowerOptions {
  readonly work: Work;
  /** Copies of the store while the same work is done without a tracer: nothing written is lost. */
  readonly copies: number;
  /** Cuts, replayed from a trace of all that was written and synced. */
  readonly cuts: number;
  /** After so many of them, a worker runs what is left. */
  readonly drains: number;
  readonly seed: number;
}

/** What a campaign counts. */
export interface PowerFigures {
  cuts: number;
  copies: number;
  checked: number;
  lost: number;
  corrupt: number;
  undone: number;
  drained: number;
  [name: string]: number;
}

/** The same with what was found to be wrong. */
export interface PowerFindings extends Findings {
  readonly figures: Readonly<PowerFigures>;
}

/** No more than this is said of what is wrong. */
const MAX_FAULTS = 20;

/** Lets users and workers do their work, and then cuts the power at many moments of it. */
export async function powerCampaign(
  stage: Stage,
  tracer: Tracer,
  options: PowerOptions,
): Promise<PowerFindings> {
  const { work, cuts, copies, drains, seed } = options;
  const random = new Random(seed);
  const calls = await traceWork(stage, tracer, work);
  const moments = chooseMoments(calls, cuts, random);
  const figures = { cuts: 0, copies, checked: 0, lost: 0, corrupt: 0, undone: 0, drained: 0 };
  const faults: string[] = [];
  for await (const { image, seen } of copyWork(stage, copies, random)) {
    await using copy = await tempDir();
    const verdict = await judge(await restore(image, stage.home, copy.path), seen);
    add(figures, verdict);
    faults.push(...verdict.faults.map((fault) => `copy: ${fault}`));
  }
  const drainEvery = Math.max(1, Math.floor(moments.length / Math.max(drains, 1)));
  for (const { moment, image, cut, seen } of replay(stage, calls, moments, random)) {
    await using copy = await tempDir();
    const store = await restore(image, stage.home, copy.path);
    const verdict = await judge(store, seen);
    const left = drains > 0 && ++figures.cuts % drainEvery === 0 && verdict.faults.length === 0
      ? await drain(store, copy.path, seen)
      : null;
    if (left !== null) figures.drained++;
    add(figures, verdict);
    const where = `cut ${figures.cuts} (${cut}, at ${moment})`;
    faults.push(...[...verdict.faults, ...left ?? []].map((fault) => `${where}: ${fault}`));
  }
  const rest = faults.length - MAX_FAULTS;
  return {
    figures: { calls: calls.length, ...figures },
    faults: rest > 0 ? [...faults.slice(0, MAX_FAULTS), `and ${rest} more`] : faults,
  };
}

/** Runs the work under a tracer; returns what it did to the files of the stage. */
async function traceWork(stage: Stage, tracer: Tracer, work: Work): Promise<Call[]> {
  await using logs = await tempDir();
  const log = logs.join("trace");
  await Deno.writeTextFile(stage.join("work.sh"), script(work, stage.home));
  const words = tracer.command(log).map((word) => `'${word}'`).join(" ");
  const program = await stage.shell(`exec ${words} sh work.sh`, {
    env: { ...tracer.env, QUEUECTL_DB: stage.join(STORE) },
  });
  const { code, stderr } = await program.ended(600_000);
  assert.equal(code, 0, stderr);
  return readTrace(await Deno.readTextFile(log), stage.home);
}

/** The same work anew, without a tracer; copies of it while it is done. */
async function* copyWork(
  stage: Stage,
  count: number,
  random: Random,
): AsyncIterable<Live> {
  if (count === 0) return;
  for (const name of [SAID, DIARY, STORE.split("/")[0]!]) {
    await Deno.remove(stage.join(name), { recursive: true });
  }
  const program = await stage.shell("exec sh work.sh", {
    env: { QUEUECTL_DB: stage.join(STORE) },
  });
  for (let made = 0; made < count;) {
    await sleep(random.between(1, 60));
    const copy = await copyLive(stage);
    if (copy === null) continue;
    made++;
    yield copy;
  }
  const { code, stderr } = await program.ended(600_000);
  assert.equal(code, 0, stderr);
}

/** Half of the moments are those in which a user is told something; the others are any. */
function chooseMoments(calls: readonly Call[], count: number, random: Random): number[] {
  const told = calls.filter(({ path }) => path.endsWith(`/${SAID}`)).map(({ begin }) => begin);
  const all = calls.map(({ begin }) => begin);
  return Array.from({ length: count }, (_, n) => random.pick(n % 2 === 0 ? told : all) ?? 0)
    .toSorted((a, b) => a - b);
}

interface Moment {
  readonly moment: number;
  readonly cut: Cut;
  readonly image: Image;
  readonly seen: Seen;
}

/** Plays the calls to a disk, and cuts its power at the moments. */
function* replay(
  stage: Stage,
  calls: readonly Call[],
  moments: readonly number[],
  random: Random,
): Iterable<Moment> {
  const disk = new Disk(stage.home);
  const texts = { [SAID]: "", [DIARY]: "" };
  const steps = [
    ...calls.map((call) => ({ place: call.begin, order: 0, call })),
    ...calls.map((call) => ({ place: call.end, order: 1, call })),
  ].toSorted((a, b) => a.place - b.place || a.order - b.order);
  let next = 0;
  for (const [index, moment] of moments.entries()) {
    for (; next < steps.length && steps[next]!.place <= moment; next++) {
      const { call, order } = steps[next]!;
      const name = call.path.slice(stage.home.length + 1);
      if (order === 0) disk.begin(call);
      else disk.end(call);
      if (order === 0 && call.type === "write" && (name === SAID || name === DIARY)) {
        texts[name] += new TextDecoder().decode(call.bytes);
      }
    }
    const cut = CUTS[index % CUTS.length]!;
    const image = disk.after(cut, random, moment);
    yield { moment, cut, image, seen: seenIn((name) => texts[name as keyof typeof texts]) };
  }
}

/** Writes what is left of the store's files into a directory; the shared memory is always gone. */
async function restore(image: Image, home: string, directory: string): Promise<string> {
  const store = `${directory}/${STORE}`;
  await Deno.mkdir(store.slice(0, store.lastIndexOf("/")), { recursive: true });
  for (const end of ["", "-wal", "-journal"]) {
    const bytes = image.get(`${home}/${STORE}${end}`);
    if (bytes !== undefined) await Deno.writeFile(store + end, bytes, { mode: 0o600 });
  }
  return store;
}

/** A worker runs what is left; what had been enqueued and is not at its end then is a fault. */
async function drain(store: string, home: string, seen: Seen): Promise<string[]> {
  if (seen.said.length === 0) return [];
  const options = { db: store, home, timeout: 120_000 };
  const { code, stderr } = await queuectl(["worker", "start", "--drain", "--count", "4"], options);
  const { stdout } = await queuectl(["list", "--json", "--limit", "0"], options);
  const left = (JSON.parse(stdout) as { id: string; state: string }[])
    .filter(({ state }) => !["completed", "cancelled", "held"].includes(state));
  return [
    ...code === 0 ? [] : [`the worker ended with ${code}: ${stderr}`],
    ...left.map(({ id, state }) => `${id} is ${state} after a worker has done all there was`),
  ];
}

function add(figures: PowerFigures, verdict: Verdict): void {
  for (const name of ["checked", "lost", "corrupt", "undone"] as const) {
    figures[name] += verdict[name];
  }
}

/** At scale 1: 8 rounds of 150 cuts and 30 copies. */
export const power: Campaign = {
  name: "power",
  title: "the power is cut at any moment; what a user was told is there, and the store is sound",
  async run({ seed, scale, progress }) {
    const tracer = await findTracer();
    if (tracer === null) return { figures: {}, faults: ["There is no strace on this machine"] };
    const work = { enqueuers: 3, enqueues: 12, held: 10, workers: 2, bulk: 1200 };
    const sum: Record<string, number> = { rounds: 0 };
    const faults: string[] = [];
    for (let round = 0; round < Math.max(1, Math.round(8 * scale)); round++) {
      await using dir = await tempDir();
      const stage = await Stage.open("source", dir);
      try {
        const options = { work, cuts: 150, copies: 30, drains: 6, seed: seed + round };
        const findings = await powerCampaign(stage, tracer, options);
        sum.rounds!++;
        for (const [name, value] of Object.entries(findings.figures)) {
          sum[name] = (sum[name] ?? 0) + value;
        }
        faults.push(...findings.faults.map((fault) => `round ${round + 1}, ${fault}`));
        progress(`round ${round + 1}: ${JSON.stringify(findings.figures)}`);
      } finally {
        await stage.clear();
      }
    }
    return { figures: sum, faults };
  },
};
