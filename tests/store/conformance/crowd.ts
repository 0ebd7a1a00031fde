import assert from "node:assert/strict";
import { QueuectlError } from "../../../src/errors.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import { isFinal } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, FAILED, launchers, type Register, type Scene } from "../scene.ts";

const WORKERS = 5;
const LIMIT = 2;

/** Many who use the store at once, each by a handle of its own. */
export function crowdTests(test: Register): void {
  test("tick: whatever others do at once, no job has two attempts, no limit is passed, nothing is forgotten", async (scene) => {
    await scene.enqueue("root");
    await scene.store.configureQueue("narrow", { limit: LIMIT }, { create: true });
    const crowd = new Crowd(scene);
    await crowd.enqueue(120);
    await crowd.run();
    const jobs = await scene.store.jobs({});
    assert.deepEqual(jobs.filter(({ state }) => !isFinal(state)), []);
    // What counters say is what there is.
    const { queues, workers } = await scene.store.status();
    for (const { queue, counts } of queues) {
      for (const [state, count] of Object.entries(counts)) {
        const found = jobs.filter((job) => job.queue === queue && job.state === state);
        assert.equal(count, found.length, `${queue}: ${state}`);
      }
    }
    assert.deepEqual(workers.map(({ busy }) => busy), Array.from({ length: WORKERS }, () => 0));
    const attempts = await Promise.all(jobs.map(({ id }) => scene.store.attempts(id)));
    assert.equal(attempts.flat().length, crowd.attempts);
    const totals = await scene.store.totals();
    assert.equal(totals.reduce((sum, { count }) => sum + count, 0), crowd.attempts);
  });
}

class Crowd {
  readonly #scene: Scene;
  readonly #ids = ["root"];
  readonly #running = new Map<string, string>();
  #steering = 2;
  #hasFailed = false;
  /** So many have ended. */
  attempts = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /** Jobs in three queues, half of which wait for two others. */
  async enqueue(count: number): Promise<void> {
    const jobs = Array.from({ length: count }, (_, i) => {
      const id = `job-${i}`;
      this.#ids.push(id);
      return newJob(id, {
        queue: ["narrow", "wide", "other"][i % 3]!,
        priority: i % 5,
        maxRetries: i % 2,
        after: i < 4 || i % 2 === 0
          ? []
          : after({ id: `job-${i - 3}`, on: "any" }, { id: `job-${i - 1}`, on: "any" }),
      });
    });
    await this.#scene.store.enqueue(jobs);
  }

  /** All at once, until nothing is left or one of them fails. */
  async run(): Promise<void> {
    const all = [
      ...Array.from({ length: WORKERS }, (_, i) => this.#work(i)),
      this.#steer(1),
      this.#steer(2),
    ];
    const failing = all.map((one) => one.catch(() => this.#hasFailed = true));
    await Promise.all(failing);
    await Promise.all(all);
  }

  /** Claims and settles. */
  async #work(number: number): Promise<void> {
    const store = await this.#scene.open();
    const worker = await this.#scene.worker(`w${number}`, {}, store);
    for (let round = 0; !this.#hasFailed; round++) {
      const { claimed, nextDueIn } = await worker.tick({ free: launchers(3) });
      for (const { jobId, job } of claimed) {
        assert.equal(this.#running.has(jobId), false, `${jobId} has two attempts`);
        this.#running.set(jobId, job.queue);
      }
      const narrow = [...this.#running.values()].filter((queue) => queue === "narrow");
      assert.ok(narrow.length <= LIMIT, `${narrow.length} run in a queue that lets ${LIMIT}`);
      await pause(round % 4);
      // From now on the next one may begin.
      for (const { jobId } of claimed) this.#running.delete(jobId);
      const outcome: Outcome = round % 3 === 0 ? FAILED : COMPLETED;
      const ends = claimed.map((claim) => worker.end(claim, outcome));
      const { settled, stale } = await worker.tick({ ended: ends });
      assert.deepEqual(stale, []);
      this.attempts += settled.length;
      this.#scene.advance(1000);
      const isIdle = claimed.length === 0 && nextDueIn === null && this.#running.size === 0;
      if (isIdle && this.#steering === 0 && await store.outstanding(null, 1e9) === 0) return;
    }
  }

  /** Does what users do, to whatever there is. */
  async #steer(seed: number): Promise<void> {
    const store = await this.#scene.open();
    for (let i = 0; i < 60; i++) {
      const id = this.#ids[(i * 31 + seed * 17) % this.#ids.length]!;
      try {
        if (i % 5 === 0) await store.cancel(id);
        else if (i % 5 === 1) await store.retry(id, ["dead", "cancelled", "completed"]);
        else if (i % 5 === 2) await store.edit(id, { priority: i % 7, queue: "wide" });
        else if (i % 5 === 3) {
          const child = newJob(`child-${seed}-${i}`, { after: after({ id, on: "any" }) });
          await store.enqueue([child]);
          this.#ids.push(child.id);
        } else await store.enqueue([newJob(`more-${seed}-${i}`, { queue: "narrow" })]);
      } catch (error) {
        if (!(error instanceof QueuectlError)) throw error;
        assert.equal(error.exitCode, 4, error.message);
      }
      await pause(i % 3);
    }
    this.#steering--;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
