/**
 * The executors of a worker and their slots: which are free, which run what. Their number can change
 * while they work.
 *
 * @module
 */

import type { FreeSlot } from "./attempt_start.ts";
import { type ExecutorListener, ExecutorThread } from "./executor_thread.ts";
import type { LeaseEnd } from "./lease.ts";
import type {
  AttemptReport,
  AttemptStart,
  OutputChunk,
  ProcessRef,
  RequestedEnd,
} from "./protocol.ts";
import { sleep } from "./sleep.ts";
import {
  attemptsIn,
  byExecutor,
  bySparability,
  endAttempt,
  giveAttempt,
  isFree,
  loseLauncher,
  mayHaveLine,
  newSlot,
  type Slot,
} from "./slot.ts";

/** What a pool tells its owner. */
export interface PoolListener {
  /** A slot has become free. */
  ready(): void;
  /** A slot has lost its launcher, and another one cannot be started for now. */
  slotFailed(error: string): void;
  output(chunks: readonly OutputChunk[]): void;
  /** The attempt that was in front of this one has ended, or there was none. */
  begun(token: string): void;
  ended(report: AttemptReport): void;
  /** The lease was not renewed in time: what runs is being ended. Each executor says so. */
  leaseOver(): void;
  /** An executor has failed; these attempts were in its hands, with these launchers. */
  failed(error: string, orphans: readonly Orphan[]): void;
  /** No slot has ever become ready, and it does not look as if one will. */
  broken(error: string): void;
}

/** An attempt without its executor. */
export interface Orphan {
  readonly token: string;
  readonly launcher: ProcessRef;
}

/** Executors that fail before any slot was ready are tried so often. */
const MAX_FAILED_STARTS = 5;
/** A failed executor is replaced after so long, then twice that, up to the second; milliseconds. */
const REOPEN_DELAY = 100;
const MAX_REOPEN_DELAY = 10_000;
/** The program does not wait longer for its launchers to go, milliseconds. */
const CLOSE_PATIENCE = 2000;

/** What a pool is made of. */
export interface PoolOptions {
  /** At most so many executors. */
  readonly threads: number;
  /** The absolute directory for spool files. */
  readonly spool: string;
}

/** Spreads slots over executors. It begins with none. */
export class ExecutorPool implements ExecutorListener {
  readonly #slots = new Map<number, Slot>();
  readonly #executors = new Set<ExecutorThread>();
  /** Executors without slots, on their way out. */
  readonly #leaving = new Set<Promise<void>>();
  /** Who began an attempt that is not settled yet. */
  readonly #owners = new Map<string, ExecutorThread>();
  readonly #options: PoolOptions;
  readonly #listener: PoolListener;
  /** Null: there is no end to it, or nothing was begun yet. */
  #lease: LeaseEnd | null = null;
  #nextIndex = 0;
  /** Executors that failed one after the other, without a slot becoming ready in between. */
  #failures = 0;
  #wasReady = false;
  #isClosed = false;

  constructor(options: PoolOptions, listener: PoolListener) {
    this.#options = options;
    this.#listener = listener;
  }

  /** How many slots it has, without those that only finish their job. */
  get size(): number {
    return this.#staying().length;
  }

  /** How many slots are still to finish their job and then to go. */
  get leaving(): number {
    return this.#slots.size - this.size;
  }

  /** Whether every slot has its launcher. */
  get isReady(): boolean {
    const slots = this.#staying();
    return slots.length > 0 && slots.every((slot) => slot.launcher !== null);
  }

  /** The slots that can take a job, each with its launcher. */
  free(): FreeSlot[] {
    const now = performance.now();
    return this.#staying().filter((slot) => isFree(slot, now))
      .map(({ index, launcher }) => ({ slot: index, launcher: launcher! }));
  }

  /** So many places in the line of each slot, as far as nobody waits there: the first of each, the second… */
  places(count: number): FreeSlot[] {
    const now = performance.now();
    const slots = this.#staying().filter((slot) => mayHaveLine(slot, now));
    return Array.from(
      { length: count },
      (_, taken) =>
        slots.filter(({ line }) => line.length <= taken)
          .map(({ index, launcher }) => ({ slot: index, launcher: launcher! })),
    ).flat();
  }

  /** Whether the slot still takes jobs, with the launcher that it had then. */
  isStillThere({ slot, launcher }: FreeSlot): boolean {
    const now = this.#slots.get(slot);
    return now?.launcher === launcher && !now.isLeaving;
  }

  /**
   * Changes the number of slots. New ones are free when they are ready. Of those that are too many, the
   * free ones go first, and the others when their job has ended.
   */
  resize(count: number): void {
    const missing = count - this.size;
    if (missing > 0) this.#grow(missing);
    if (missing < 0) this.#shrink(-missing);
  }

  /** At the next flush, the attempt starts in its slot, or joins its line. */
  start(start: AttemptStart): void {
    const slot = this.#slots.get(start.slot)!;
    giveAttempt(slot, start.token);
    if (slot.token === start.token) this.#listener.begun(start.token);
    this.#owners.set(start.token, slot.executor!);
    slot.executor!.start(start);
  }

  /** At the next flush, the spool files of the attempt may go. */
  settled(token: string): void {
    const executor = this.#owners.get(token);
    if (!executor) return;
    this.#owners.delete(token);
    executor.settled(token);
    if (this.#slots.size < this.#nextIndex) this.#letGo(executor);
  }

  /** Sends what has gathered, a message for each executor. */
  flush(): void {
    for (const executor of this.#executors) executor.flush();
  }

  /** The launcher of each slot, as far as it has one. */
  launchers(): ProcessRef[] {
    return [...this.#slots.values()].flatMap(({ launcher }) => launcher === null ? [] : [launcher]);
  }

  /** From this moment on nothing is to run, unless it is put off: the executors see to it by themselves. */
  renew(end: LeaseEnd): void {
    this.#lease = end;
    for (const executor of this.#executors) executor.renew(end);
  }

  /** Ends an attempt's tree: SIGTERM, after `grace` milliseconds SIGKILL. */
  end(token: string, grace: number, reason: RequestedEnd): void {
    this.#owners.get(token)?.end(token, grace, reason);
  }

  /**
   * Lets the launchers go; resolves when they are gone, or do not go in time.
   *
   * @param keepFiles the store has not heard of the last ends, so a rescuer needs the files
   */
  async close(keepFiles: boolean): Promise<void> {
    this.#isClosed = true;
    const closed = [...this.#executors].map((executor) => executor.close(keepFiles));
    this.#executors.clear();
    await Promise.race([Promise.all([...closed, ...this.#leaving]), sleep(CLOSE_PATIENCE)]);
  }

  slotReady(executor: ExecutorThread, index: number, launcher: ProcessRef): void {
    const slot = this.#slots.get(index);
    // It may have gone in the meantime.
    if (slot?.executor !== executor) return;
    slot.launcher = launcher;
    this.#failures = 0;
    this.#wasReady = true;
    this.#listener.ready();
  }

  slotGone(executor: ExecutorThread, index: number, launcher: ProcessRef): void {
    const slot = this.#slots.get(index);
    if (slot?.executor === executor) loseLauncher(slot, launcher);
  }

  slotFailed(error: string): void {
    this.#listener.slotFailed(error);
  }

  output(chunks: readonly OutputChunk[]): void {
    this.#listener.output(chunks);
  }

  ended(reports: readonly AttemptReport[]): void {
    for (const report of reports) {
      const slot = this.#slots.get(report.slot)!;
      const next = endAttempt(slot, report.token, report.result.kind);
      if (next !== null) this.#listener.begun(next);
      if (slot.isLeaving && slot.token === null) this.#remove([slot]);
      this.#listener.ended(report);
    }
  }

  leaseOver(): void {
    this.#listener.leaseOver();
  }

  /** Its launchers go on without it: the owner ends them, and others take over the slots. */
  failed(executor: ExecutorThread, error: string): void {
    if (!this.#executors.delete(executor)) return;
    const lost = [...this.#slots.values()].filter((slot) => slot.executor === executor);
    const orphans = lost.flatMap((slot) => {
      const launcher = slot.launcherOfToken;
      return launcher === null ? [] : attemptsIn(slot).map((token) => ({ token, launcher }));
    });
    for (const [token, owner] of this.#owners) {
      if (owner === executor) this.#owners.delete(token);
    }
    for (const slot of lost) {
      slot.executor =
        slot.launcher =
        slot.token =
        slot.launcherOfToken =
          null;
      slot.line = [];
      if (slot.isLeaving) this.#slots.delete(slot.index);
    }
    this.#listener.failed(error, orphans);
    this.#failures++;
    if (!this.#wasReady && this.#failures >= MAX_FAILED_STARTS) this.#listener.broken(error);
    else this.#reopen();
  }

  async #reopen(): Promise<void> {
    await sleep(Math.min(MAX_REOPEN_DELAY, REOPEN_DELAY * 2 ** this.#failures));
    if (!this.#isClosed) this.#spread();
  }

  #staying(): Slot[] {
    return [...this.#slots.values()].filter((slot) => !slot.isLeaving);
  }

  #grow(missing: number): void {
    const back = [...this.#slots.values()].filter((slot) => slot.isLeaving).slice(0, missing);
    for (const slot of back) slot.isLeaving = false;
    for (let left = missing - back.length; left > 0; left--) {
      const index = this.#nextIndex++;
      this.#slots.set(index, newSlot(index));
    }
    this.#spread();
  }

  #shrink(surplus: number): void {
    const going = this.#staying().sort(bySparability).slice(0, surplus);
    for (const slot of going) slot.isLeaving = true;
    for (const [executor, indexes] of byExecutor(going)) executor.clearLines(indexes);
    this.#remove(going.filter((slot) => slot.token === null));
  }

  /** Slots in which nothing runs. */
  #remove(slots: readonly Slot[]): void {
    for (const slot of slots) this.#slots.delete(slot.index);
    for (const [executor, indexes] of byExecutor(slots)) {
      executor.closeSlots(indexes);
      this.#letGo(executor);
    }
  }

  /** An executor without slots ends, once it has removed the last files. */
  #letGo(executor: ExecutorThread): void {
    if (executor.hasUnsettled || !this.#executors.has(executor)) return;
    if ([...this.#slots.values()].some((slot) => slot.executor === executor)) return;
    this.#executors.delete(executor);
    const closed = executor.close(false).then(() => void this.#leaving.delete(closed));
    this.#leaving.add(closed);
  }

  /** Gives an executor to each slot that has none: a new one where there may be more, else the least. */
  #spread(): void {
    const homeless = this.#staying().filter((slot) => slot.executor === null);
    const limit = Math.min(this.#options.threads, this.size);
    const load = new Map([...this.#executors].map((executor) => [executor, 0]));
    for (const { executor } of this.#slots.values()) {
      if (executor !== null) load.set(executor, load.get(executor)! + 1);
    }
    for (const slot of homeless) {
      if (load.size < limit) load.set(this.#hire(), 0);
      const [executor, slots] = [...load].reduce((a, b) => b[1] < a[1] ? b : a);
      slot.executor = executor;
      load.set(executor, slots + 1);
    }
    for (const [executor, indexes] of byExecutor(homeless)) executor.open(indexes);
  }

  #hire(): ExecutorThread {
    const executor = new ExecutorThread(this.#options.spool, this);
    this.#executors.add(executor);
    if (this.#lease !== null) executor.renew(this.#lease);
    return executor;
  }
}
