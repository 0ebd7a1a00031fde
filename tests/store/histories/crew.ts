/**
 * The workers of a history: each knows what it was told and no more, as real ones do.
 *
 * @module
 */

import type { ScheduleInfo } from "../../../src/store/schedules.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Claim } from "../../../src/store/tick.ts";
import type { NewWorker } from "../../../src/store/workers.ts";
import { Worker } from "../scene.ts";
import type { Of } from "./steps.ts";
import type { Tale } from "./tale.ts";

/** More than so many are not there at once. */
const MOST = 5;

/** A worker, as far as it knows itself. */
export interface Member {
  readonly id: string;
  readonly worker: Worker;
  /** The attempts that it believes to be its own. */
  mine: Claim[];
  /** Those whose end it has told. */
  told: Claim[];
  /** The schedules that it was told are due. */
  due: readonly ScheduleInfo[];
}

/** Who works, and who did. */
export class Crew {
  readonly #tale: Tale;
  readonly #members: Member[] = [];

  constructor(tale: Tale) {
    this.#tale = tale;
  }

  /** Those whom the store knows. */
  get present(): Member[] {
    return this.#members.filter(({ id }) => this.#tale.model.workers.find(id));
  }

  /** Those whom others have buried, or who left. */
  get gone(): Member[] {
    return this.#members.filter(({ id }) => !this.#tale.model.workers.find(id));
  }

  /** The worker that a step means; undefined if there is none. */
  choose({ pick, isGone }: Of<"tick">["worker"]): Member | undefined {
    const among = isGone && this.gone.length > 0 ? this.gone : this.present;
    return among[pick % among.length];
  }

  /** Another worker, on a handle. */
  async join(queues: readonly string[] | null, store: Store): Promise<void> {
    if (this.present.length >= MOST) return;
    const { scene, model, tally } = this.#tale;
    const id = `w${this.#members.length}`;
    const worker: NewWorker = {
      id,
      host: `host-${id}`,
      hostIdentity: "boot-a",
      process: { pid: 100 + this.#members.length, startTime: "1000" },
      slots: 4,
      queues,
    };
    await store.join(worker);
    model.workers.join(worker, scene.now);
    const speaker = new Worker(id, store, scene);
    this.#members.push({ id, worker: speaker, mine: [], told: [], due: [] });
    tally.event("join");
  }

  /** A worker goes in an orderly way. */
  async leave(pick: number, store: Store): Promise<void> {
    const member = this.choose({ pick, isGone: false });
    if (member === undefined) return;
    this.#tale.model.workers.bury(member.id);
    await store.leave(member.id);
    const isGone = this.gone.includes(member);
    this.#tale.tally.event(isGone ? "leave" : "leave with attempts that run");
  }

  /** Somebody asks a worker to stop, or to have so many slots. */
  async stop({ pick, request, slots }: Of<"stop">, store: Store): Promise<void> {
    const { model, tally } = this.#tale;
    const member = this.choose({ pick, isGone: false });
    const ids = member === undefined ? ["nobody"] : [member.id, "nobody"];
    if (slots === null) {
      await store.requestStop(ids, request);
      for (const id of ids) model.workers.requestStop(id, request);
    } else {
      await store.requestSlots(ids, slots);
      const info = member && model.workers.find(member.id);
      if (info) info.slotsRequest = slots;
    }
    tally.event("stop");
  }
}
