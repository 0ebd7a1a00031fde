/**
 * The zombie campaign: workers are stopped at random moments, some of them in the middle
 * of a transaction, and go on after a while that is shorter than the lease, about as long, or never.
 *
 * @module
 */

import { isAlive, processInfo, signal } from "../../../src/worker/host.ts";
import type { ProcessRef } from "../../../src/worker/protocol.ts";
import { Stage } from "../../flows/stage.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { BATCH, Commands } from "../kills/commands.ts";
import { Crowd } from "../kills/crowd.ts";
import { type Duration, prepare } from "../kills/jobs.ts";
import { Ledger } from "../kills/ledger.ts";
import { audit } from "../kills/rules.ts";
import { Random } from "../random.ts";

/** The sizes of a campaign. */
export interface ZombieOptions {
  readonly jobs: number;
  readonly stops: number;
  readonly seed: number;
  readonly progress: (sentence: string) => void;
}

/** Milliseconds: the shortest that can be set. */
const LEASE = 5000;

/** How long a worker stands still, milliseconds; one that never goes on has to be ended by the others. */
const PAUSES = {
  short: [0, 1500],
  /** The others may just be about to end it when it goes on. */
  close: [LEASE - 500, LEASE + 2000],
  endless: [60_000, 60_000],
} as const;

/** Some jobs run for longer than the lease, so that they are lost with a worker that hangs. */
const duration: Duration = (random) =>
  random.chance(0.1) ? random.between(LEASE, 2 * LEASE) : random.between(10, 500);

/** So often a worker is watched for a transaction, for so many milliseconds. */
const TRIES = 200;
const WATCH = 20;

/** A command that waited for the lock of a worker that is stopped, and gave up. */
const LOCKED_OUT = /locked by process \d+ \(\S+\), which is stopped/;

/** Stops again and again while jobs run, lets the rest run, and looks whether the rules held. */
export async function zombieCampaign(stage: Stage, options: ZombieOptions): Promise<Findings> {
  const { jobs, stops, seed, progress } = options;
  const random = new Random(seed);
  await prepare(stage);
  await stage.ok("config", "set", "kill_grace", "300ms");
  await stage.ok("config", "set", "lease", `${LEASE}ms`);
  const commands = new Commands(stage, random, duration);
  await commands.enqueue();
  await using ledger = await Ledger.open(stage);
  await using crowd = new Crowd(stage, random, 4);
  const halts = new Halts(stage, crowd, ledger, random);
  const faults: string[] = [];
  const note = (error: unknown) => void faults.push(String(error));
  for (let stopped = 0; stopped < stops; stopped += 2) {
    const isDue = commands.printed.length < jobs * (stopped + 2) / stops;
    // Two at once: the one that judges may stand still itself.
    await Promise.all([
      halts.halt().catch(note),
      halts.halt().catch(note),
      isDue ? commands.enqueueUp(jobs * (stopped + 2) / stops) : commands.steer(),
    ]);
    progress(`${stopped + 2} stops, ${commands.printed.length} jobs`);
  }
  let left: readonly unknown[] = [];
  await waitFor(async () => (left = await ledger.unfinished()).length === 0, {
    timeout: 60_000 + jobs * 50,
    interval: 200,
    message: () => `the end of ${JSON.stringify(left.slice(0, 5))}`,
  }).catch(note);
  await crowd.close();
  await stage.isEmpty().catch(note);
  const { printed, cancelled, retried } = commands;
  const known = { printed, cancelled, retried, touched: new Set<string>() };
  const found = await audit(stage, ledger, { ...known, salvageable: new Set(), batchSize: BATCH });
  const lockedOut = commands.faults.filter((fault) => LOCKED_OUT.test(fault));
  return {
    figures: {
      ...found.figures,
      ...halts.counts,
      workersStarted: crowd.started,
      lateEnds: crowd.lateEnds,
      lockedOut: lockedOut.length,
    },
    faults: [
      ...faults,
      ...halts.faults,
      ...crowd.faults,
      ...commands.faults.filter((fault) => !lockedOut.includes(fault)),
      ...found.faults,
    ],
  };
}

/** Stops workers and lets them go on. */
class Halts {
  readonly #stage: Stage;
  readonly #crowd: Crowd;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #halted = new Set<number>();
  readonly counts = { stops: 0, inTransaction: 0, wentOn: 0, ended: 0 };
  readonly faults: string[] = [];

  constructor(stage: Stage, crowd: Crowd, ledger: Ledger, random: Random) {
    this.#stage = stage;
    this.#crowd = crowd;
    this.#ledger = ledger;
    this.#random = random;
  }

  /** Stops one at a random moment, and lets it go on or waits for its end. */
  async halt(): Promise<void> {
    const kind = this.#random.pick(["short", "close", "close", "endless"] as const);
    const [from, to] = PAUSES[kind];
    const time = this.#random.between(from, to);
    await sleep(this.#random.between(0, 300));
    const worker = await this.#stop(this.#random.chance(0.5));
    this.counts.stops++;
    if (await this.#stage.isWriting(worker.pid)) this.counts.inTransaction++;
    const until = performance.now() + time;
    await waitFor(() => performance.now() >= until || !isAlive(worker), {
      timeout: 2 * time + 1000,
    });
    this.#halted.delete(worker.pid);
    const hasEnded = !isAlive(worker);
    this.counts[hasEnded ? "ended" : "wentOn"]++;
    if (hasEnded && kind === "short") {
      this.faults.push(`A worker was ended that stood still for less than ${time} ms`);
    }
    if (!hasEnded && kind === "endless") {
      this.faults.push(`A worker stood still for ${time} ms and was not ended`);
    }
    signal(worker, "SIGCONT");
  }

  /** Any one that has joined; in a transaction if that is wanted and comes soon. */
  async #stop(inTransaction: boolean): Promise<ProcessRef> {
    let tries = 0;
    return await waitFor(async () => {
      const worker = this.#random.pick(await this.#joined());
      if (worker === undefined) return null;
      const wanted = inTransaction && tries++ < TRIES;
      const end = performance.now() + WATCH;
      while (wanted && performance.now() < end && !await this.#stage.isWriting(worker.pid));
      if (signal(worker, "SIGSTOP") !== "sent") return null;
      this.#halted.add(worker.pid);
      await waitFor(() => processInfo(worker.pid)?.stopped || !isAlive(worker), { interval: 0 });
      if (isAlive(worker) && (!wanted || await this.#stage.isWriting(worker.pid))) return worker;
      signal(worker, "SIGCONT");
      this.#halted.delete(worker.pid);
      return null;
    }, { timeout: 60_000, interval: 1, message: "a worker to stop" });
  }

  /** Nobody misses a process that is not known as a worker yet. */
  async #joined(): Promise<ProcessRef[]> {
    const rows = await this.#ledger.ask("SELECT pid FROM worker");
    const known = new Set(rows.map(({ pid }) => pid));
    return this.#crowd.workers.filter(({ pid }) => known.has(pid) && !this.#halted.has(pid));
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** At scale 1: 40 stops over 800 jobs. */
export const zombies: Campaign = {
  name: "zombies",
  title: "workers stand still, also in transactions; those that hang are ended, nothing runs twice",
  async run({ seed, scale, store, progress }) {
    await using dir = await tempDir();
    await using stage = await Stage.open("source", dir, store);
    const [jobs, stops] = [Math.ceil(800 * scale), Math.ceil(40 * scale)];
    return await zombieCampaign(stage, { jobs, stops, seed, progress });
  },
};
