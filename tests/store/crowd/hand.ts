/**
 * A worker of a crowd.
 *
 * @module
 */

import type { Outcome } from "../../../src/job/outcome.ts";
import type { Firing } from "../../../src/store/schedules.ts";
import type { Store } from "../../../src/store/store.ts";
import type { AttemptEnd, Claim, TickRequest } from "../../../src/store/tick.ts";
import { newJob } from "../../job/jobs.ts";
import {
  chunk,
  COMPLETED,
  ENDED,
  FAILED,
  HANDED_BACK,
  launchers,
  LOST,
  type Worker,
} from "../scene.ts";
import type { Crowd } from "./crowd.ts";

const OUTCOMES: readonly [Outcome, ...Outcome[]] = [
  COMPLETED,
  COMPLETED,
  COMPLETED,
  FAILED,
  FAILED,
  HANDED_BACK,
  ENDED,
  { kind: "unclaimed" },
];
const SLOTS = 4;

/** Claims and settles, stands still and comes back. */
export class Hand {
  readonly store: Store;
  readonly #crowd: Crowd;
  readonly #name: string;
  worker: Worker;
  /** It does not tick, so that others may take over. */
  isStill = false;
  #lives = 0;
  #held: Claim[] = [];
  #firings: readonly Firing[] = [];

  private constructor(crowd: Crowd, name: string, store: Store, worker: Worker) {
    this.#crowd = crowd;
    this.#name = name;
    this.store = store;
    this.worker = worker;
  }

  /** Joins with a handle of its own. */
  static async join(crowd: Crowd, name: string): Promise<Hand> {
    const store = await crowd.scene.open();
    return new Hand(crowd, name, store, await crowd.try(() => crowd.scene.worker(name, {}, store)));
  }

  /** Works until users are done, and nothing is left. */
  async work(): Promise<void> {
    const { scene, random, faults } = this.#crowd;
    while (faults.length === 0) {
      if (this.#crowd.isBusy && random.chance(0.03)) await this.#standStill();
      if (random.chance(0.1)) await this.#rescue();
      await this.#tick();
      scene.advance(random.between(0, 300));
      if (!this.#crowd.isBusy && this.#held.length === 0 && await this.#isDone()) return;
      await new Promise((resolve) => setTimeout(resolve, random.between(0, 4)));
    }
  }

  async #isDone(): Promise<boolean> {
    if (this.#crowd.hands.some(({ isStill }) => isStill)) return false;
    const waits = { states: ["pending", "blocked", "failed", "scheduled", "processing"] } as const;
    const { store } = this.#crowd.scene;
    return await store.outstanding(null, 1e15) === 0 && await store.count(waits) === 0;
  }

  /** Some of what it holds ends, and it takes as many new ones. */
  async #tick(): Promise<void> {
    const { random } = this.#crowd;
    const ending = this.#held.filter(() => random.chance(0.6));
    const going = this.#held.filter((claim) => !ending.includes(claim));
    const asked = random.chance(0.3) ? random.between(0, 5) : 0;
    await this.#send(ending, {
      free: launchers(Math.max(0, random.between(0, SLOTS) - going.length)),
      ahead: random.chance(0.5) ? launchers(asked) : [],
      isBrief: random.chance(0.5),
      firings: this.#firings,
      output: going.filter(() => random.chance(0.3)).map((claim) => ({
        ...claim,
        chunk: chunk(claim.token, random.between(0, 50), "some text"),
      })),
    });
    const [first] = this.#held;
    if (first && random.chance(0.2)) {
      const progress = { percent: random.between(0, 100), message: null };
      await this.#crowd.try(() => this.store.reportProgress(first, progress)).catch((error) => {
        // Others have given it up meanwhile.
        if (error.exitCode !== 4) throw error;
      });
    }
  }

  /** @returns whether others have given it up */
  async #send(ending: readonly Claim[], request: Partial<TickRequest>): Promise<void> {
    const crowd = this.#crowd;
    const { random } = crowd;
    for (const { jobId, token } of ending) crowd.release(jobId, token);
    const ended = ending.map((claim) => this.#end(claim, random.pick(OUTCOMES)));
    let tries = 0;
    const result = await crowd.try(() => {
      tries++;
      return this.worker.tickBriefly({ ...request, ended });
    }).catch((error) => {
      throw new Error(`${this.worker.id}: ${error.message}`, { cause: error });
    });
    crowd.count("tick");
    crowd.settled(result.settled);
    for (const { schedule, fireTime, jobId } of result.fired) {
      if (jobId === null) continue;
      crowd.fired(schedule, fireTime);
      crowd.ids.push(jobId);
    }
    if (result.stale.length > 0 && !result.evicted && tries === 1) {
      crowd.faults.push(`${this.worker.id}: stale ${result.stale}, though nobody gave it up`);
    }
    this.#held = this.#held.filter((claim) => !ending.includes(claim));
    for (const claim of result.claimed) crowd.claimed(claim.jobId, claim.token, claim.job.queue);
    this.#held.push(...result.claimed);
    this.#firings = result.dueSchedules.map(({ name, nextAt }) => ({
      schedule: name,
      expected: nextAt!,
      jobs: [newJob(crowd.scene.newId("fired"), { schedule: name, fireTime: nextAt! })],
      nextAt: nextAt! + 60_000,
    }));
    if (result.evicted) await this.#beginAgain();
  }

  #end(claim: Claim, outcome: Outcome): AttemptEnd {
    const output = this.#crowd.random.chance(0.2)
      ? { chunks: [chunk(claim.token, 100, "the end")], outputBytes: 7 }
      : {};
    return this.worker.end(claim, outcome, output);
  }

  /** All that it held is somebody else's. */
  async #beginAgain(): Promise<void> {
    this.#crowd.count("evicted");
    this.#held = [];
    this.#firings = [];
    const id = `${this.#name}-${++this.#lives}`;
    this.worker = await this.#crowd.try(() => this.#crowd.scene.worker(id, {}, this.store));
  }

  async #standStill(): Promise<void> {
    const { random, faults } = this.#crowd;
    this.isStill = true;
    this.#crowd.count("stood still");
    const { worker } = this;
    for (let i = random.between(1, 40); i > 0 && faults.length === 0; i--) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.isStill = false;
    // What it had still to say may come at any moment.
    if (worker === this.worker) await this.#send(this.#held, {});
  }

  /** Takes over what one that stands still runs, as far as it does not come back meanwhile. */
  async #rescue(): Promise<void> {
    const crowd = this.#crowd;
    const still = crowd.hands.find((hand) => hand !== this && hand.isStill);
    if (still === undefined) return;
    const { id } = still.worker;
    const info = (await crowd.try(() => this.store.workers())).find((worker) => worker.id === id);
    if (info === undefined) return;
    const attempts = await crowd.try(() => this.store.attemptsOf(id));
    if (!still.isStill) return;
    for (const { jobId, token } of attempts) crowd.release(jobId, token);
    const unlessBack = { worker: id, heartbeat: info.heartbeat };
    const ended = attempts.map((attempt) =>
      this.worker.end(attempt, LOST, { unlessBack, replacesOutput: true })
    );
    const { settled, evicted } = await crowd.try(() => this.worker.tick({ ended, buried: [id] }));
    crowd.count("rescue");
    crowd.settled(settled);
    if (evicted) await this.#beginAgain();
  }
}
