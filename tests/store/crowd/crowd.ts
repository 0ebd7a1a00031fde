/**
 * Many who use one store at once, each by a handle of its own: workers that claim, settle, stand still and come back,
 * and users that do whatever can be done to whatever is there. When all have calmed down nothing may be lost.
 *
 * @module
 */

import { StoreError } from "../../../src/errors.ts";
import { isFinal } from "../../../src/job/state.ts";
import type { Settled } from "../../../src/store/tick.ts";
import type { Findings } from "../../soak/campaign.ts";
import { Random } from "../../soak/random.ts";
import { Scene, type StorageFactory } from "../scene.ts";
import { Hand } from "./hand.ts";
import { look } from "./look.ts";
import { LIMIT, NARROW, settleDown, Steerer } from "./steerer.ts";

/** Milliseconds: where a call takes longer, it hangs. */
const LONG = 60_000;

/** So many are known of those that end. */
const ENDING = 4;

/** Who takes part, and for how long. */
export interface CrowdOptions {
  readonly seed: number;
  readonly workers: number;
  readonly steerers: number;
  /** So often the crowd comes together and calms down. */
  readonly rounds: number;
  /** So much each steerer does in a round. */
  readonly deeds: number;
  /** Any call may fail at any moment, and nobody knows whether it was done. */
  readonly isShaky?: boolean;
  readonly progress?: (sentence: string) => void;
}

/** A job that runs, as far as its worker has been told. */
interface Running {
  readonly token: string;
  readonly queue: string;
  /** From here on another attempt may begin. */
  isReleased: boolean;
}

/** What all of them know of each other, and what must not happen. */
export class Crowd {
  readonly scene: Scene;
  readonly random: Random;
  readonly isShaky: boolean;
  readonly hands: Hand[] = [];
  /** Ids of jobs that were there at some time. */
  readonly ids: string[] = [];
  /** Ids of jobs that end at this moment: what is done to them comes in between. */
  readonly ending: string[] = [];
  readonly faults: string[] = [];
  /** Users are at work. */
  isBusy = true;
  /** Ends of attempts that count. */
  ended = 0;
  readonly #running = new Map<string, Running>();
  readonly #tokens = new Map<string, number>();
  readonly #fired = new Set<string>();
  readonly #deeds = new Map<string, number>();

  constructor(scene: Scene, random: Random, isShaky: boolean) {
    this.scene = scene;
    this.random = random;
    this.isShaky = isShaky;
  }

  /** Does something again where it may fail for no reason of its own. */
  async try<T>(work: () => Promise<T>): Promise<T> {
    while (true) {
      try {
        return await this.soon(work());
      } catch (error) {
        if (!this.isShaky || !(error instanceof StoreError)) throw error;
        this.count(`lost: ${error.constructor.name}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Nothing may hang for ever. */
  async soon<T>(work: Promise<T>): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error("It hangs")), LONG);
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Something was done. */
  count(deed: string): void {
    this.#deeds.set(deed, (this.#deeds.get(deed) ?? 0) + 1);
  }

  /** How often what was done. */
  get figures(): Record<string, number> {
    return Object.fromEntries([...this.#deeds].sort(([a], [b]) => a < b ? -1 : 1));
  }

  /** A worker was given a job. */
  claimed(jobId: string, token: string, queue: string): void {
    const before = this.#running.get(jobId);
    if (before && !before.isReleased) this.faults.push(`${jobId} runs twice`);
    this.#running.set(jobId, { token, queue, isReleased: false });
    if (this.#tokens.has(token)) this.faults.push(`${jobId}: the token ${token} was given twice`);
    this.#tokens.set(token, 0);
    const running = [...this.#running.values()];
    const narrow = running.filter(({ queue, isReleased }) => queue === NARROW && !isReleased);
    if (narrow.length > LIMIT) this.faults.push(`${narrow.length} run in ${NARROW}`);
  }

  /** Somebody is about to settle it. */
  release(jobId: string, token: string): void {
    const running = this.#running.get(jobId);
    if (running?.token === token) running.isReleased = true;
    this.ending.push(jobId);
    if (this.ending.length > ENDING) this.ending.shift();
  }

  /** A tick has settled them. */
  settled(all: readonly Settled[]): void {
    for (const { jobId, token, outcome } of all) {
      if (outcome !== null) this.ended++;
      const times = this.#tokens.get(token) ?? 0;
      if (times > 0) this.faults.push(`${jobId}: ${token} was settled twice`);
      this.#tokens.set(token, times + 1);
    }
  }

  /** A schedule has fired. */
  fired(schedule: string, fireTime: number): void {
    const key = `${schedule} ${fireTime}`;
    if (this.#fired.has(key)) this.faults.push(`${key} has fired twice`);
    this.#fired.add(key);
  }

  /** What is wrong when nothing is left to do. */
  async audit(): Promise<void> {
    const { store } = this.scene;
    for (const [token, times] of this.#tokens) {
      if (times !== 1 && !this.isShaky) this.faults.push(`${token} was settled ${times} times`);
    }
    this.#tokens.clear();
    this.#running.clear();
    const jobs = await store.jobs({});
    for (const { id, state } of jobs) if (!isFinal(state)) this.faults.push(`${id} is ${state}`);
    for (const { queue, counts } of await store.queues()) {
      for (const [state, count] of Object.entries(counts)) {
        const found = jobs.filter((job) => job.queue === queue && job.state === state).length;
        if (count !== found) this.faults.push(`${queue}: ${count} ${state}, not ${found}`);
      }
    }
    for await (const portion of store.keptPortions({})) {
      for (const { job, runs, attempts } of portion) {
        const numbers = attempts.map(({ attempt }) => attempt).join();
        const wanted = Array.from({ length: runs }, (_, i) => i + 1).join();
        if (numbers !== wanted) {
          this.faults.push(`${job.id} has the attempts ${numbers} of ${runs}`);
        }
        const open = attempts.find(({ outcome }) => outcome === null);
        if (open) this.faults.push(`${job.id}: attempt ${open.attempt} has no end`);
      }
    }
    const total = (await store.totals()).reduce((sum, { count }) => sum + count, 0);
    // An end whose answer was lost counts there, and not here.
    const isRight = this.isShaky ? total >= this.ended : total === this.ended;
    if (!isRight) {
      this.faults.push(`statistics of ${total} attempts, not ${this.ended}`);
    }
    const { now } = this.scene;
    const how = { full: true, now, command: ["queuectl"], hostIdentity: "boot-a" };
    for await (const { name, findings } of store.examine(how)) {
      if (name !== "records" && name !== "parents") continue;
      for (const { text } of findings) this.faults.push(`${name}: ${text}`);
    }
  }
}

/** Plays a crowd; what it did, and what was wrong. */
export async function playCrowd(
  makeStorage: StorageFactory,
  { seed, workers, steerers, rounds, deeds, isShaky = false, progress }: CrowdOptions,
): Promise<Findings> {
  await using scene = await Scene.set(makeStorage);
  const crowd = new Crowd(scene, new Random(seed), isShaky);
  await scene.store.configureQueue(NARROW, { limit: LIMIT }, { create: true });
  for (let i = 0; i < workers; i++) crowd.hands.push(await Hand.join(crowd, `w${i}`));
  const users: Steerer[] = [];
  for (let i = 0; i < steerers; i++) users.push(new Steerer(crowd, await scene.open(), `u${i}`));
  const reader = await scene.open();
  for (let round = 1; round <= rounds && crowd.faults.length === 0; round++) {
    crowd.isBusy = true;
    const steering = Promise.all(users.map((user) => user.steer(deeds)))
      .then(() => settleDown(scene.store)).finally(() => crowd.isBusy = false);
    const all = [steering, look(crowd, reader), ...crowd.hands.map((hand) => hand.work())];
    const failed = (await Promise.allSettled(all)).filter(({ status }) => status === "rejected");
    for (const { reason } of failed as PromiseRejectedResult[]) {
      crowd.faults.push(reason instanceof Error ? reason.stack ?? reason.message : String(reason));
    }
    if (failed.length === 0 && crowd.faults.length === 0) await crowd.audit();
    progress?.(`round ${round}: ${crowd.ended} attempts, ${crowd.ids.length} jobs`);
  }
  return {
    figures: { attempts: crowd.ended, jobs: crowd.ids.length, ...crowd.figures },
    faults: crowd.faults,
  };
}
