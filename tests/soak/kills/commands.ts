/**
 * Commands that run beside the killed workers: `enqueue`, itself killed at times, `cancel` and `retry`.
 *
 * @module
 */

import type { Stage } from "../../flows/stage.ts";
import type { Random } from "../random.ts";
import { type Duration, newJob } from "./jobs.ts";

/** Jobs in one `enqueue`. */
export const BATCH = 20;

interface Answer {
  readonly id: string;
  readonly ok: boolean;
  readonly error: string | null;
}

/** Runs commands, and remembers what they answered. */
export class Commands {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #newJob: (batch: string) => string;
  #batches = 0;
  /** Ids that `enqueue` has printed. */
  readonly printed: string[] = [];
  /** Ids of which somebody asked for a cancel, or a retry. */
  readonly cancelled = new Set<string>();
  readonly retried = new Set<string>();
  /** How many `enqueue` were killed. */
  killed = 0;
  readonly faults: string[] = [];

  constructor(stage: Stage, random: Random, duration?: Duration) {
    this.#stage = stage;
    this.#random = random;
    this.#newJob = (batch) => JSON.stringify(newJob(random, batch, duration));
  }

  /** Enqueues until so many ids are printed, or a hundred tries were in vain. */
  async enqueueUp(jobs: number): Promise<void> {
    for (let tries = 0; tries < 100 && this.printed.length < jobs; tries++) await this.enqueue();
  }

  /** Enqueues a batch. */
  async enqueue({ kill = false } = {}): Promise<void> {
    const batch = `batch-${this.#batches++}`;
    const jobs = Array.from({ length: BATCH }, () => this.#newJob(batch));
    const after = this.#random.between(50, 400);
    const program = await this.#stage.spawn(["enqueue"], { stdin: jobs.join("\n") });
    const timer = kill ? setTimeout(() => program.kill("SIGKILL"), after) : null;
    const { code, signal, stdout, stderr } = await program.ended();
    if (timer !== null) clearTimeout(timer);
    this.printed.push(...stdout.split("\n").slice(0, -1));
    if (signal === "SIGKILL") this.killed++;
    else if (code !== 0) this.faults.push(`enqueue ended with ${code}: ${stderr}`);
  }

  /** Half of the times, cancels or retries a few jobs, whatever they do. */
  async steer(): Promise<void> {
    if (this.#random.chance(0.5)) return;
    const ids = new Set(Array.from({ length: 3 }, () => this.#random.pick(this.printed)));
    const verb = this.#random.chance(0.5) ? "cancel" : "retry";
    const known = [...ids].filter((id) => id !== undefined);
    if (known.length === 0) return;
    const done = verb === "cancel" ? this.cancelled : this.retried;
    const fresh = known.filter((id) => !done.has(id));
    // It may be killed after it has done it.
    for (const id of fresh) done.add(id);
    const { code, signal, stdout, stderr } = await this.#stage.run([verb, ...known, "--json"]);
    if (signal === "SIGKILL") return;
    if (code !== 0 && code !== 4) this.faults.push(`${verb} ended with ${code}: ${stderr}`);
    for (const { id, ok } of JSON.parse(stdout || "[]") as Answer[]) {
      // What was cancelled before cannot be cancelled again.
      if (!ok && fresh.includes(id)) done.delete(id);
    }
  }
}
