/**
 * A store and its model side by side: each step is taken by both, and then they are compared.
 *
 * @module
 */

import assert from "node:assert/strict";
import { newJob } from "../../job/jobs.ts";
import type { NewJob } from "../../../src/job/job.ts";
import { type State, STATES } from "../../../src/job/state.ts";
import type { Store } from "../../../src/store/store.ts";
import { Scene, type StorageFactory } from "../scene.ts";
import { compare } from "./compare.ts";
import { Crew } from "./crew.ts";
import { Model, Refusal } from "./model.ts";
import type { Modelled } from "./modelled.ts";
import { HANDLES, type Of, type Step, type What } from "./steps.ts";
import { takeBulk } from "./take_bulk.ts";
import { takeEnqueue } from "./take_enqueue.ts";
import { JOB_TAKERS } from "./take_jobs.ts";
import { compareOutput, compareStatistics, takeLook } from "./take_look.ts";
import { takeMove } from "./take_move.ts";
import { SCHEDULE_TAKERS } from "./take_schedules.ts";
import { takeProgress, takeRescue, takeTick } from "./take_tick.ts";
import type { Tally } from "./tally.ts";

/** Takes a step of one kind, through a handle. */
export type Taker<K extends What["kind"]> = (
  tale: Tale,
  what: Of<K>,
  store: Store,
) => Promise<void>;

const TAKERS: { readonly [K in What["kind"]]: Taker<K> } = {
  ...JOB_TAKERS,
  ...SCHEDULE_TAKERS,
  enqueue: takeEnqueue,
  bulk: takeBulk,
  tick: takeTick,
  rescue: takeRescue,
  progress: takeProgress,
  look: takeLook,
  move: takeMove,
  wait: (tale, { time }) => Promise.resolve(tale.wait(time)),
  join: (tale, { queues }, store) => tale.crew.join(queues, store),
  leave: (tale, { pick }, store) => tale.crew.leave(pick, store),
  stop: (tale, what, store) => tale.crew.stop(what, store),
};

/** A history as far as it has come. */
export class Tale implements AsyncDisposable {
  readonly scene: Scene;
  readonly model: Model;
  readonly tally: Tally;
  readonly crew: Crew;
  readonly #handles: readonly Store[];
  readonly #ids: string[] = [];

  private constructor(scene: Scene, handles: readonly Store[], tally: Tally) {
    this.scene = scene;
    this.#handles = handles;
    this.tally = tally;
    this.model = new Model(tally);
    this.model.jobs.now = scene.now;
    this.crew = new Crew(this);
  }

  /** An empty store with a few handles on it, and two workers. */
  static async begin(makeStorage: StorageFactory, tally: Tally): Promise<Tale> {
    const scene = await Scene.set(makeStorage, { isShortLived: true });
    const handles = [scene.store];
    while (handles.length < HANDLES) handles.push(await scene.open());
    const tale = new Tale(scene, handles, tally);
    await tale.crew.join(null, handles[0]!);
    await tale.crew.join(["a", "b"], handles[1]!);
    return tale;
  }

  /** Takes a step. */
  async take({ handle, what }: Step): Promise<void> {
    const store = this.#handles[handle]!;
    await (TAKERS[what.kind] as Taker<typeof what.kind>)(this, what, store);
    // Each of them sees what another one has done.
    await compare(this.model, this.#handles[(handle + 1) % HANDLES]!);
  }

  /** Compares what would take too long after every step. */
  async end(): Promise<void> {
    for (const job of this.model.jobs.all) await compareOutput(job, this.scene.store);
    await compareStatistics(this.model, this.scene.store, null);
  }

  /** Sets the clock, of the store and of the model. */
  wait(time: number): void {
    this.scene.advance(time);
    this.model.jobs.now = this.scene.now;
    if (time < 0) this.tally.event("clock set back");
  }

  /** The job that a number chooses among those in these states; undefined if there is none. */
  job(pick: number, states: readonly State[] = STATES): Modelled | undefined {
    const among = this.model.jobs.in(...states);
    return among[pick % among.length];
  }

  /** A job that no other one has been, unless it is to take an id that was given before. */
  newJob(overrides: Partial<NewJob>, again: number | null = null): NewJob {
    const isAgain = again !== null && this.#ids.length > 0;
    const id = isAgain ? this.#ids[again % this.#ids.length]! : `job-${this.#ids.length}`;
    if (!isAgain) this.#ids.push(id);
    return newJob(id, overrides);
  }

  /**
   * Has the model and the store do the same; what each of them said, or null if both refused it for the
   * same reason.
   */
  async both<M, S>(
    name: string,
    inModel: () => M,
    inStore: () => Promise<S>,
  ): Promise<{ readonly expected: M; readonly actual: S } | null> {
    const before = this.model.jobs.snapshot();
    try {
      const expected = inModel();
      this.tally.event(name);
      return { expected, actual: await inStore() };
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.model.jobs.restore(before);
      this.tally.event(`${name} refused`);
      await assert.rejects(inStore(), (error: Error) => {
        assert.equal(error.constructor.name, refusal.error.name, String(error));
        return true;
      });
      return null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene[Symbol.asyncDispose]();
  }
}
