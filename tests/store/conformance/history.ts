import assert from "node:assert/strict";
import fc from "fast-check";
import { ConflictError } from "../../../src/errors.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import {
  FINAL_STATES,
  isFinal,
  type JobEvent,
  sourcesOf,
  type State,
  STATES,
  transition,
} from "../../../src/job/state.ts";
import type { Claim } from "../../../src/store/store.ts";
import {
  COMPLETED,
  FAILED,
  HANDED_BACK,
  launchers,
  LOST,
  newJob,
  Scene,
  type StorageFactory,
  type Worker,
} from "../scene.ts";

/** A job in the model: the few facts that decide what may happen next. */
interface Modelled {
  readonly id: string;
  readonly queue: string;
  readonly priority: number;
  readonly maxRetries: number;
  state: State;
  attempts: number;
  runs: number;
  runAt: number | null;
  cancelRequested: boolean;
  claim: Claim | null;
}

const OUTCOMES: readonly Outcome[] = [COMPLETED, FAILED, HANDED_BACK, LOST];

/** One step of a history; numbers choose among what there is. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("enqueue" as const),
    count: fc.integer({ min: 1, max: 3 }),
    queue: fc.constantFrom("a", "b"),
    priority: fc.integer({ min: -1, max: 1 }),
    maxRetries: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({
    kind: fc.constant("tick" as const),
    free: fc.integer({ min: 0, max: 3 }),
    ends: fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant("cancel" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("retry" as const), pick: fc.nat() }),
  fc.record({ kind: fc.constant("remove" as const), pick: fc.nat() }),
  fc.record({
    kind: fc.constant("retryAll" as const),
    state: fc.constantFrom(...sourcesOf("retry")),
  }),
  fc.record({ kind: fc.constant("removeAll" as const), state: fc.constantFrom(...FINAL_STATES) }),
  fc.record({ kind: fc.constant("wait" as const), seconds: fc.integer({ min: 0, max: 5 }) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Random histories, each told to the store and to the model. */
export function historyTests(adapter: string, makeStorage: StorageFactory): void {
  Deno.test(`store: random histories follow the table and the counters (${adapter})`, async () => {
    const history = fc.array(step, { minLength: 30, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        await using scene = await Scene.set(makeStorage);
        const tale = new Tale(scene, await scene.worker("w"));
        for (const step of steps) {
          await tale.take(step);
          await tale.compare();
        }
      }),
      { numRuns: 100 },
    );
  });
}

/** The store and the model side by side. */
class Tale {
  readonly #scene: Scene;
  readonly #worker: Worker;
  /** In order of arrival. */
  #jobs: Modelled[] = [];
  #enqueued = 0;

  constructor(scene: Scene, worker: Worker) {
    this.#scene = scene;
    this.#worker = worker;
  }

  async take(step: Step): Promise<void> {
    const { store } = this.#scene;
    switch (step.kind) {
      case "enqueue":
        return await this.#enqueue(step);
      case "tick":
        return await this.#tick(step.free, step.ends);
      case "cancel":
        return await this.#each(step.pick, async (job) => {
          if (isFinal(job.state) && job.state !== "cancelled") {
            return await assert.rejects(store.cancel(job.id), ConflictError);
          }
          await store.cancel(job.id);
          if (job.state === "processing") job.cancelRequested = true;
          else if (job.state !== "cancelled") move(job, "cancel");
        });
      case "retry":
        return await this.#each(step.pick, async (job) => {
          const retried = store.retry(job.id, sourcesOf("retry"));
          if (transition(job.state, "retry") === null) {
            return await assert.rejects(retried, ConflictError);
          }
          await retried;
          renew(job);
        });
      case "remove":
        return await this.#each(step.pick, async (job) => {
          const removed = store.remove(job.id, FINAL_STATES);
          if (!isFinal(job.state)) return await assert.rejects(removed, ConflictError);
          await removed;
          this.#jobs = this.#jobs.filter((other) => other !== job);
        });
      case "retryAll": {
        const matching = this.#jobs.filter(({ state }) => state === step.state);
        assert.equal(await store.retryAll(step.state), matching.length);
        return matching.forEach(renew);
      }
      case "removeAll": {
        const left = this.#jobs.filter(({ state }) => state !== step.state);
        const removed = await store.removeAll(step.state, this.#scene.now + 1);
        assert.equal(removed, this.#jobs.length - left.length);
        this.#jobs = left;
        return;
      }
      case "wait":
        return this.#scene.advance(step.seconds * 1000);
    }
  }

  async #enqueue(step: Step & { kind: "enqueue" }): Promise<void> {
    const { queue, priority, maxRetries } = step;
    const jobs = Array.from({ length: step.count }, () => {
      const id = `job-${this.#enqueued++}`;
      return newJob(id, { queue, priority, maxRetries });
    });
    await this.#scene.store.enqueue(jobs);
    this.#jobs.push(...jobs.map(({ id }): Modelled => ({
      id,
      queue,
      priority,
      maxRetries,
      state: "pending",
      attempts: 0,
      runs: 0,
      runAt: null,
      cancelRequested: false,
      claim: null,
    })));
  }

  async #tick(free: number, outcomes: readonly Outcome[]): Promise<void> {
    const running = this.#jobs.filter(({ claim }) => claim !== null);
    const ending = running.slice(0, outcomes.length);
    const { claimed, stale } = await this.#worker.tick({
      ended: ending.map((job, index) => this.#worker.end(job.claim!, outcomes[index]!)),
      free: launchers(free),
    });
    assert.deepEqual(stale, []);
    ending.forEach((job, index) => this.#end(job, outcomes[index]!));
    for (const job of this.#jobs) {
      if (job.runAt === null || job.runAt > this.#scene.now) continue;
      move(job, "due");
      job.runAt = null;
    }
    const waiting = this.#jobs.filter(({ state }) => state === "pending")
      .toSorted((a, b) => b.priority - a.priority).slice(0, free);
    assert.deepEqual(claimed.map(({ jobId }) => jobId), waiting.map(({ id }) => id));
    for (const [index, job] of waiting.entries()) {
      move(job, "claim");
      job.claim = claimed[index]!;
      job.attempts++;
      job.runs++;
      assert.equal(job.claim.attempt, job.runs);
    }
  }

  #end(job: Modelled, outcome: Outcome): void {
    job.claim = null;
    const cancelled = job.cancelRequested;
    job.cancelRequested = false;
    if (outcome.kind === "completed") return move(job, "complete");
    if (cancelled) return move(job, "end_cancelled");
    if (outcome.kind === "handed_back") {
      job.attempts--;
      return move(job, "hand_back");
    }
    if (job.attempts > job.maxRetries) return move(job, "give_up");
    move(job, "fail");
    job.runAt = this.#scene.now + 2 ** job.attempts * 1000;
  }

  async #each(pick: number, work: (job: Modelled) => Promise<void>): Promise<void> {
    const job = this.#jobs[pick % this.#jobs.length];
    if (job) await work(job);
  }

  async compare(): Promise<void> {
    const { store } = this.#scene;
    const jobs = await store.jobs({ oldestFirst: true });
    assert.deepEqual(
      jobs.map(({ id, state, attempts, runAt, cancelRequested }) => ({
        id,
        state,
        attempts,
        runAt,
        cancelRequested,
      })),
      this.#jobs.map(({ id, state, attempts, runAt, cancelRequested }) => ({
        id,
        state,
        attempts,
        runAt,
        cancelRequested,
      })),
    );
    const { queues } = await store.status();
    for (const queue of ["a", "b"]) {
      const counts = queues.find((row) => row.queue === queue)?.counts;
      for (const state of STATES) {
        const real = this.#jobs.filter((job) => job.queue === queue && job.state === state).length;
        assert.equal(counts?.[state] ?? 0, real, `${state} in ${queue}`);
      }
    }
  }
}

/** Moves a job as the table says; a step that it does not know is a mistake of the model. */
function move(job: Modelled, event: JobEvent): void {
  const next = transition(job.state, event);
  assert.ok(next, `${event} of a job that is ${job.state}`);
  job.state = next;
  if (event === "cancel") job.runAt = null;
}

function renew(job: Modelled): void {
  move(job, "retry");
  job.attempts = 0;
  job.runAt = null;
}
