import assert from "node:assert/strict";
import fc from "fast-check";
import { ConflictError, UniqueKeyTakenError } from "../../../src/errors.ts";
import { CONDITIONS, type NewJob } from "../../../src/job/job.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import {
  FINAL_STATES,
  isFinal,
  sourcesOf,
  STATES,
  transition,
  WAITING_STATES,
} from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import {
  COMPLETED,
  FAILED,
  HANDED_BACK,
  launchers,
  LOST,
  Scene,
  type StorageFactory,
  type Worker,
} from "../scene.ts";
import { Model, type Modelled } from "./model.ts";

/** A code that is fatal for some jobs. */
const FATAL: Outcome = { kind: "failed", exitCode: 64 };
const OUTCOMES: readonly Outcome[] = [COMPLETED, FAILED, FATAL, HANDED_BACK, LOST];

const seconds = fc.integer({ min: 0, max: 4 }).map((count) => count * 1000);
const queue = fc.constantFrom("a", "b");
const pick = fc.nat();

/** One step of a history; numbers choose among what there is. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant("enqueue" as const),
    count: fc.integer({ min: 1, max: 3 }),
    queue,
    priority: fc.integer({ min: -1, max: 1 }),
    maxRetries: fc.integer({ min: 0, max: 2 }),
    fatalExitCodes: fc.constantFrom([], [64]),
    held: fc.boolean(),
    delay: fc.option(seconds, { freq: 3 }),
    parent: fc.option(pick),
    chain: fc.boolean(),
    on: fc.constantFrom(...CONDITIONS),
    uniqueKey: fc.option(fc.constantFrom("k", "l")),
    ifExists: fc.constantFrom("fail" as const, "return" as const, "replace" as const),
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("tick" as const),
      free: fc.integer({ min: 0, max: 3 }),
      ends: fc.array(fc.constantFrom(...OUTCOMES), { maxLength: 3 }),
    }),
  },
  fc.record({ kind: fc.constant("cancel" as const), pick }),
  fc.record({ kind: fc.constant("retry" as const), pick }),
  fc.record({ kind: fc.constant("remove" as const), pick }),
  fc.record({ kind: fc.constant("release" as const), pick }),
  fc.record({
    kind: fc.constant("edit" as const),
    pick,
    changes: fc.record({ priority: fc.integer({ min: -1, max: 1 }), delay: seconds }, {
      requiredKeys: [],
    }),
  }),
  fc.record({
    kind: fc.constant("configureQueue" as const),
    queue,
    changes: fc.record({
      paused: fc.boolean(),
      limit: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 1 }),
    }, { requiredKeys: [] }),
  }),
  fc.record({
    kind: fc.constant("retryAll" as const),
    state: fc.constantFrom(...sourcesOf("retry")),
  }),
  fc.record({ kind: fc.constant("removeEnded" as const), state: fc.constantFrom(...FINAL_STATES) }),
  fc.record({ kind: fc.constant("wait" as const), time: seconds }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Random histories, each told to the store and to the model. */
export function historyTests(adapter: string, makeStorage: StorageFactory): void {
  Deno.test(`store: random histories follow the table and the counters (${adapter})`, async () => {
    const history = fc.array(step, { minLength: 40, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        await using scene = await Scene.set(makeStorage);
        const tale = new Tale(scene, await scene.worker("w"));
        for (const step of steps) {
          await tale.take(step);
          await tale.compare();
        }
      }),
      { numRuns: 60 },
    );
  });
}

/** The store and the model side by side. */
class Tale {
  readonly #scene: Scene;
  readonly #worker: Worker;
  readonly #model = new Model();
  #enqueued = 0;

  constructor(scene: Scene, worker: Worker) {
    this.#scene = scene;
    this.#worker = worker;
    this.#model.now = scene.now;
  }

  async take(step: Step): Promise<void> {
    const { store } = this.#scene;
    const model = this.#model;
    switch (step.kind) {
      case "enqueue":
        return await this.#enqueue(step);
      case "tick":
        return await this.#tick(step.free, step.ends);
      case "cancel":
        return await this.#each(step.pick, async (job) => {
          const allowed = !isFinal(job.state) || job.state === "cancelled";
          if (await accepted(store.cancel(job.id), allowed)) model.cancel(job);
        });
      case "retry":
        return await this.#each(step.pick, async (job) => {
          const retried = store.retry(job.id, sourcesOf("retry"));
          if (await accepted(retried, model.canRetry(job))) model.retry(job);
        });
      case "remove":
        return await this.#each(step.pick, async (job) => {
          const removed = store.remove(job.id, FINAL_STATES);
          if (await accepted(removed, isFinal(job.state))) model.remove((other) => other === job);
        });
      case "release":
        return await this.#each(step.pick, async (job) => {
          const allowed = transition(job.state, "release") !== null;
          if (await accepted(store.release(job.id), allowed)) model.release(job);
        });
      case "edit":
        return await this.#each(step.pick, async (job) => {
          const edited = store.edit(job.id, step.changes);
          const allowed = WAITING_STATES.includes(job.state);
          if (await accepted(edited, allowed)) model.edit(job, step.changes);
        });
      case "configureQueue":
        await store.configureQueue(step.queue, step.changes, { create: true });
        Object.assign(model.queues[step.queue]!, step.changes);
        return;
      case "retryAll":
        assert.equal(await store.retryAll(step.state), model.retryAll(step.state));
        return;
      case "removeEnded": {
        const filter = { states: [step.state], before: this.#scene.now + 1 };
        const removed = model.remove(({ state }) => state === step.state);
        assert.equal(await store.removeEnded(filter), removed);
        return;
      }
      case "wait":
        this.#scene.advance(step.time);
        model.now = this.#scene.now;
        return;
    }
  }

  async #enqueue(step: Step & { kind: "enqueue" }): Promise<void> {
    const jobs = this.#newJobs(step);
    const accepting = this.#model.accepts(jobs, step.ifExists);
    const enqueued = this.#scene.store.enqueue(jobs, step.ifExists);
    if (!accepting) return void await assert.rejects(enqueued, UniqueKeyTakenError);
    const holder = this.#model.holder(jobs[0]!.uniqueKey);
    const isReturned = holder !== undefined && step.ifExists === "return";
    assert.deepEqual(
      await enqueued,
      jobs.map(({ id }, index) =>
        isReturned && index === 0 ? { id: holder.id, isNew: false } : { id, isNew: true }
      ),
    );
    this.#model.enqueue(jobs, step.ifExists);
  }

  /** A list, of which each may wait for one that is there and for the one before it. */
  #newJobs(step: Step & { kind: "enqueue" }): NewJob[] {
    const { count, queue, priority, maxRetries, fatalExitCodes, held, delay, on } = step;
    const known = this.#model.jobs;
    const parent = step.parent === null || known.length === 0
      ? []
      : [known[step.parent % known.length]!.id];
    // Which of two dependents with one key comes back with their parent, nobody has said.
    const uniqueKey = parent.length > 0 || step.chain ? null : step.uniqueKey;
    const ids = Array.from({ length: count }, () => `job-${this.#enqueued++}`);
    return ids.map((id, index) => {
      const previous = step.chain && index > 0 ? [ids[index - 1]!] : [];
      const after = [...parent, ...previous].map((id) => ({ id, on }));
      const common = { queue, priority, maxRetries, fatalExitCodes, held, delay, after };
      return newJob(id, { ...common, uniqueKey: index === 0 ? uniqueKey : null });
    });
  }

  async #tick(free: number, outcomes: readonly Outcome[]): Promise<void> {
    const model = this.#model;
    const running = model.jobs.filter(({ claim }) => claim !== null);
    const ending = running.slice(0, outcomes.length);
    const { claimed, stale, cancelled, nextDueIn } = await this.#worker.tick({
      ended: ending.map((job, index) => this.#worker.end(job.claim!, outcomes[index]!)),
      free: launchers(free),
    });
    assert.deepEqual(stale, []);
    ending.forEach((job, index) => model.end(job, outcomes[index]!));
    model.promote();
    const next = model.nextInLine(free);
    assert.deepEqual(claimed.map(({ jobId }) => jobId), next.map(({ id }) => id));
    next.forEach((job, index) => model.claim(job, claimed[index]!));
    assert.equal(nextDueIn, model.nextDueIn());
    const asked = model.jobs.filter(({ cancelRequested }) => cancelRequested);
    assert.deepEqual(cancelled.toSorted(), asked.map(({ claim }) => claim!.token).toSorted());
  }

  async #each(pick: number, work: (job: Modelled) => Promise<void>): Promise<void> {
    const { jobs } = this.#model;
    const job = jobs[pick % jobs.length];
    if (job) await work(job);
  }

  async compare(): Promise<void> {
    const { store } = this.#scene;
    const model = this.#model;
    const jobs = await store.jobs({ oldestFirst: true });
    assert.deepEqual(
      jobs.map(({ id, state, attempts, priority, cancelRequested }) => ({
        ...{ id, state, attempts, priority, cancelRequested },
      })),
      model.jobs.map(({ id, state, attempts, priority, cancelRequested }) => ({
        ...{ id, state, attempts, priority, cancelRequested },
      })),
    );
    for (const [index, { state, runAt, error }] of jobs.entries()) {
      const job = model.jobs[index]!;
      if (!["held", "blocked", "cancelled"].includes(state)) assert.equal(runAt, job.runAt);
      if (job.cancelledBy !== null) model.blame(job, parentIn(error, job));
    }
    const { queues } = await store.status();
    for (const [name, settings] of Object.entries(model.queues)) {
      const queue = queues.find((row) => row.queue === name);
      const { paused, limit } = queue ?? { paused: false, limit: null };
      assert.deepEqual({ paused, limit }, settings);
      for (const state of STATES) {
        const real = model.jobs.filter((job) => job.given.queue === name && job.state === state);
        assert.equal(queue?.counts[state] ?? 0, real.length, `${state} in ${name}`);
      }
    }
    assert.equal(await store.outstanding(null, 2000), model.outstanding(2000));
  }
}

/** Whether the store has done it; it must do what is allowed, and refuse everything else. */
async function accepted(done: Promise<unknown>, isAllowed: boolean): Promise<boolean> {
  if (isAllowed) await done;
  else await assert.rejects(done, ConflictError);
  return isAllowed;
}

/** The parent because of which a job was cancelled, out of its `error`. */
function parentIn(error: string | null, job: Modelled): string {
  const id = /^its parent (\S+) /.exec(error ?? "")?.[1];
  assert.ok(job.given.after.some((parent) => parent.id === id), `${error} of ${job.id}`);
  return id!;
}
