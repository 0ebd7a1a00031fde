/**
 * The slots of an executor: each gets a launcher, and another one if that dies by other hands.
 *
 * @module
 */

import { makeSpool } from "./attempt_run.ts";
import { Launcher } from "./launcher.ts";
import { Line } from "./line.ts";
import type { AttemptStart, FromExecutor } from "./protocol.ts";
import { sleep } from "./sleep.ts";

/** A launcher that dies younger than this is replaced later and later, for the shell may be broken. */
const MIN_LAUNCHER_AGE = 1000;
const MAX_REOPEN_DELAY = 10_000;

/** A slot with its launcher; when the launcher dies, another slot takes the place of this one. */
export interface HostedSlot {
  readonly launcher: Launcher;
  /** By the monotonic clock. */
  readonly since: number;
  /** The latest attempt, which may have ended; null if there was none. */
  attempt: Promise<void> | null;
  isBusy: boolean;
  readonly line: Line;
}

/** What slots need of their executor. */
export interface Hosting {
  /** The directory for spool files. */
  readonly spool: () => string;
  /** Sends a message to the supervisor. */
  readonly post: (message: FromExecutor) => void;
  /** These attempts do not wait in a line any longer. */
  readonly giveUp: (starts: readonly AttemptStart[]) => void;
  /** Sees to it that the supervisor hears if this fails. */
  readonly watched: (work: Promise<void>) => void;
}

/** Opens, replaces and closes slots. */
export class HostedSlots {
  readonly #hosting: Hosting;
  /** Those that are to be there; each is in `#slots` as soon as its launcher has started. */
  readonly #wanted = new Set<number>();
  readonly #slots = new Map<number, HostedSlot>();
  /** How many launchers of a slot have died young, one after the other. */
  readonly #youngDeaths = new Map<number, number>();
  /** Launchers that start or end. */
  readonly #changes = new Set<Promise<void>>();
  /** Whether any slot has ever been ready. */
  #wasReady = false;

  constructor(hosting: Hosting) {
    this.#hosting = hosting;
  }

  /** The slot with this index; undefined while its launcher starts, and where there is none. */
  get(index: number): HostedSlot | undefined {
    return this.#slots.get(index);
  }

  /** The lines behind all slots. */
  lines(): Line[] {
    return [...this.#slots.values()].map(({ line }) => line);
  }

  /** These are to be there. */
  open(indexes: readonly number[]): void {
    for (const index of indexes) {
      this.#wanted.add(index);
      this.#change(this.#open(index));
    }
  }

  /** These are to go; nothing runs in them. */
  close(indexes: readonly number[]): void {
    for (const index of indexes) this.#change(this.#close(index));
  }

  /** Lets all launchers go, those too that are about to start. */
  async closeAll(keepStatus: boolean): Promise<void> {
    this.#wanted.clear();
    await Promise.allSettled(this.#changes);
    const launchers = [...this.#slots.values()].map((slot) => slot.launcher);
    await Promise.all(launchers.map((launcher) => launcher.close({ keepStatus })));
  }

  #change(work: Promise<void>): void {
    this.#changes.add(work);
    this.#hosting.watched(work.finally(() => this.#changes.delete(work)));
  }

  /** @param failures how often it was tried in vain, one after the other */
  async #open(index: number, failures = 0): Promise<void> {
    const { spool, post, watched } = this.#hosting;
    let launcher: Launcher;
    try {
      if (failures > 0) makeSpool(spool());
      launcher = await Launcher.start(spool());
    } catch (error) {
      // The process table may be full for a while, and other slots have jobs that run.
      if (!this.#wasReady) throw error;
      return this.#openLater(index, failures + 1, error);
    }
    // It may have been closed in the meantime.
    if (!this.#wanted.has(index)) return await launcher.close();
    this.#wasReady = true;
    const line = new Line();
    const slot = { launcher, since: performance.now(), attempt: null, isBusy: false, line };
    this.#slots.set(index, slot);
    post({ type: "slot_ready", slot: index, launcher: launcher.ref });
    watched(launcher.ended.then(() => this.#replace(index, slot)));
  }

  #openLater(index: number, failures: number, error: unknown): void {
    const { post, watched } = this.#hosting;
    const reason = error instanceof Error ? error.message : String(error);
    post({ type: "slot_failed", slot: index, error: reason });
    const again = async () => {
      await sleep(Math.min(MAX_REOPEN_DELAY, 100 * 2 ** failures));
      if (this.#wanted.has(index)) this.#change(this.#open(index, failures));
    };
    watched(again());
  }

  /** After a launcher died by other hands. That its attempt is lost is said before there is a new one. */
  async #replace(index: number, slot: HostedSlot): Promise<void> {
    if (!this.#wanted.has(index)) return;
    const { post, giveUp } = this.#hosting;
    post({ type: "slot_gone", slot: index, launcher: slot.launcher.ref });
    giveUp(slot.line.takeAll());
    await slot.attempt;
    await slot.launcher.close();
    const isYoung = performance.now() - slot.since < MIN_LAUNCHER_AGE;
    const deaths = isYoung ? (this.#youngDeaths.get(index) ?? 0) + 1 : 0;
    this.#youngDeaths.set(index, deaths);
    if (deaths > 1) await sleep(Math.min(MAX_REOPEN_DELAY, 50 * 2 ** deaths));
    if (this.#wanted.has(index)) this.#change(this.#open(index));
  }

  async #close(index: number): Promise<void> {
    this.#wanted.delete(index);
    const slot = this.#slots.get(index);
    this.#slots.delete(index);
    this.#youngDeaths.delete(index);
    await slot?.launcher.close();
  }
}
