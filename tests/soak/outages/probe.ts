/**
 * Jobs by which a campaign sees that machines work again.
 *
 * @module
 */

import { ConflictError } from "../../../src/errors.ts";
import type { Store } from "../../../src/store/store.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob as jobToStore } from "../../job/jobs.ts";
import { type Machine, SLOTS } from "./machine.ts";

/**
 * Milliseconds within which each machine runs a job again when a fault is over, as the README has it: a dead
 * connection is given up after 10 s at most, and the server is asked again after 4 s at most.
 */
const RECOVERY = 15_000;
/** What a busy test machine may add, milliseconds. */
const LENIENCY = 15_000;
/** Jobs that only one machine may run, and at once. */
export class Probe {
  readonly #store: Store;
  /** Those that the store has. */
  readonly ids: string[] = [];
  /** Those that were cancelled. */
  readonly cancelled = new Set<string>();
  #probes = 0;
  #long: readonly string[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  /** Waits until each machine has run a job; how long that took, milliseconds. */
  async all(machines: readonly Machine[]): Promise<number> {
    const begun = performance.now();
    const number = this.#probes++;
    const jobs = machines.map(({ name }) =>
      jobToStore(`probe-${name}-${number}`, {
        command: "set -- instant 0; . ./job.sh",
        queue: name,
        priority: 1000,
        maxRetries: 30,
        backoffBase: 0,
        tags: ["instant", "probe"],
      })
    );
    const left = new Set(jobs.map(({ id }) => id));
    await waitFor(async () => {
      try {
        if (!this.ids.includes(jobs[0]!.id)) {
          const taken = await this.#store.job(jobs[0]!.id);
          if (taken === null) await this.#store.enqueue(jobs);
          this.ids.push(...left);
        }
        for (const id of left) {
          if ((await this.#store.job(id))?.state === "completed") left.delete(id);
        }
      } catch {
        // It is told whether this goes on.
      }
      return left.size === 0;
    }, {
      timeout: RECOVERY + LENIENCY,
      message: () => `${[...left]} to run within ${RECOVERY} ms`,
    });
    return Math.round(performance.now() - begun);
  }

  /** Adds some long jobs; what is taken over of them does not take long. Returns one that has begun, and where. */
  async begin(machines: readonly Machine[]): Promise<{ readonly job: string; machine: Machine }> {
    const number = this.#probes++;
    const jobs = Array.from({ length: SLOTS }, (_, index) =>
      jobToStore(`long-${number}-${index}`, {
        command: `test $QUEUECTL_ATTEMPT -gt 1; set -- session $((60 * $?)); . ./job.sh`,
        priority: 1000,
        maxRetries: 30,
        backoffBase: 0,
        tags: ["session", "probe"],
      }));
    await this.#store.enqueue(jobs);
    this.ids.push(...jobs.map(({ id }) => id));
    this.#long = jobs.map(({ id }) => id);
    return await waitFor(async () => {
      for (const { id, workerId } of await this.#store.jobs({ states: ["processing"] })) {
        const machine = machines.find(({ name }) => workerId?.startsWith(`${name}-`));
        if (this.#long.includes(id) && machine !== undefined) return { job: id, machine };
      }
      return null;
    }, { timeout: 30_000, message: "a long job that has begun" });
  }

  /** Waits until the attempt that runs now was taken for lost, and another one has ended; ends what else runs long. */
  async takenOver(job: string, timeout: number): Promise<void> {
    await waitFor(async () => (await this.#store.job(job))?.state === "completed", {
      timeout,
      message: `another machine to take over ${job}`,
    });
    for (const id of this.#long.filter((id) => id !== job)) {
      this.cancelled.add(id);
      await this.#store.cancel(id).catch((error) => {
        if (!(error instanceof ConflictError)) throw error;
      });
    }
  }
}
