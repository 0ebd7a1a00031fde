/**
 * Those who enqueue, cancel and retry while the server has its troubles.
 *
 * @module
 */

import { ConflictError, StoreError } from "../../../src/errors.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob as jobToStore } from "../../job/jobs.ts";
import { type Duration, newJob } from "../kills/jobs.ts";
import type { Random } from "../random.ts";

/** Jobs that are enqueued together. */
export const BATCH = 20;

/** A client that finds nothing to do looks again after so long, milliseconds. */
const PAUSE = 100;

/** What a client works with. */
export interface ClientOptions {
  readonly name: string;
  /** Its way to the store. */
  readonly url: string;
  readonly random: Random;
  readonly duration: Duration;
  /** Whether there is room for more jobs. */
  readonly mayEnqueue: () => boolean;
}

/** A process of its own in all but that: a connection of its own, one call after the other. */
export class Client {
  readonly #options: ClientOptions;
  readonly #done: Promise<void>;
  #isClosing = false;
  #batches = 0;
  /** Ids of jobs of which the store has said that it has them. */
  readonly printed: string[] = [];
  /** Jobs of which it was asked for a cancel, or a retry, and has not refused. */
  readonly cancelled = new Set<string>();
  readonly retried = new Set<string>();
  /** How many calls failed because of the store. */
  refused = 0;
  /** The longest call, milliseconds. */
  longest = 0;
  readonly faults: string[] = [];

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#done = this.#work();
  }

  /** Ends after the call that is going on. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#done;
  }

  async #work(): Promise<void> {
    const { url, random, mayEnqueue } = this.#options;
    while (!this.#isClosing) {
      try {
        await using store = await openStore(url, { create: false });
        // One in some calls is by a process that has just begun.
        while (!this.#isClosing && !random.chance(0.02)) {
          if (mayEnqueue()) await this.#time(() => this.#enqueue(store));
          else await this.#steer(store);
        }
      } catch (error) {
        this.#refuse(error);
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    }
  }

  async #time(call: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    try {
      await call();
    } finally {
      this.longest = Math.max(this.longest, performance.now() - begun);
    }
  }

  async #enqueue(store: Store): Promise<void> {
    const { name, random, duration } = this.#options;
    const batch = `batch-${name}-${this.#batches++}`;
    const jobs = Array.from({ length: BATCH }, (_, index) => {
      const spec = newJob(random, batch, duration);
      return jobToStore(`${batch}-${index}`, {
        command: String(spec.command),
        maxRetries: Number(spec.max_retries),
        backoffBase: 0,
        priority: Number(spec.priority),
        tags: spec.tags as string[],
      });
    });
    const stored = await store.enqueue(jobs);
    this.printed.push(...stored.map(({ id }) => id));
  }

  /** Now and then cancels or retries a job, whatever it does. */
  async #steer(store: Store): Promise<void> {
    const { random } = this.#options;
    const id = random.pick(this.printed);
    const verb = random.pick(["cancel", "retry", ...Array(8).fill(null)] as const);
    if (verb === null || id === undefined) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      return;
    }
    const known = verb === "cancel" ? this.cancelled : this.retried;
    const before = known.has(id);
    // Also if the answer is lost it may have been done.
    known.add(id);
    try {
      if (verb === "cancel") await store.cancel(id);
      else await store.retry(id, ["dead", "cancelled", "failed", "completed"]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // The job's state does not allow it.
      if (!before) known.delete(id);
    }
  }

  #refuse(error: unknown): void {
    this.refused++;
    if (error instanceof StoreError && !/aborted|undefined/.test(error.message)) return;
    const { name } = this.#options;
    this.faults.push(`${name} was told: ${error instanceof Error ? error.stack : error}`);
  }
}
