/**
 * The Web Worker that hosts slots: it starts commands, ends them, and reads what they wrote. It talks
 * to its supervisor in the messages of `protocol.ts` and to nobody else.
 *
 * @module
 */

import { AttemptRun, makeSpool, type Place } from "./attempt_run.ts";
import { Launcher } from "./launcher.ts";
import { Line, MAX_WAIT } from "./line.ts";
import type { AttemptReport, AttemptStart, FromExecutor, ToExecutor } from "./protocol.ts";
import { sleep } from "./sleep.ts";
import { removeSpool } from "./spool.ts";

/** How often running commands are looked at for output, milliseconds. */
const LOOK_INTERVAL = 200;

/** A launcher that dies younger than this is replaced later and later, for the shell may be broken. */
const MIN_LAUNCHER_AGE = 1000;
const MAX_REOPEN_DELAY = 10_000;

/** Each so many looks, those that are stopped among the launchers of running commands go on. */
const WAKE_EVERY = 5;

/** Ends are told together if they come within so many milliseconds and no slot is free meanwhile. */
const GATHERING = 16;

/** A slot with its launcher; when the launcher dies, another slot takes the place of this one. */
interface Slot {
  readonly launcher: Launcher;
  /** By the monotonic clock. */
  readonly since: number;
  /** The latest attempt, which may have ended; null if there was none. */
  attempt: Promise<void> | null;
  isBusy: boolean;
  readonly line: Line;
}

/** The other end of the message channel, as a Web Worker sees it. */
interface Port {
  onmessage: ((event: MessageEvent<ToExecutor>) => void) | null;
  postMessage(message: FromExecutor, transfer?: Transferable[]): void;
  close(): void;
}

class Executor {
  readonly #port: Port;
  /** The slots that are to be there; each has its launcher in `#slots` as soon as that has started. */
  readonly #wanted = new Set<number>();
  readonly #slots = new Map<number, Slot>();
  /** By token, in the order of their start. */
  readonly #running = new Map<string, AttemptRun>();
  /** Tokens of attempts that have ended, with more spool files than those of their output. */
  readonly #withMoreFiles = new Set<string>();
  /** How many launchers of a slot have died young, one after the other. */
  readonly #youngDeaths = new Map<number, number>();
  /** Launchers that start or end. */
  readonly #changes = new Set<Promise<void>>();
  #place: Place = { spool: "", cwd: Deno.cwd() };
  #lookTimer: ReturnType<typeof setTimeout> | null = null;
  #lineTimer: ReturnType<typeof setTimeout> | null = null;
  /** Ends that are to be told. */
  #reports: AttemptReport[] = [];
  #reportTimer: ReturnType<typeof setTimeout> | null = null;
  #looks = 0;
  /** Whether any slot has ever been ready. */
  #wasReady = false;

  constructor(port: Port) {
    this.#port = port;
  }

  handle(message: ToExecutor): void {
    switch (message.type) {
      case "open":
        this.#place = { ...this.#place, spool: message.spool };
        makeSpool(message.spool);
        for (const slot of message.slots) {
          this.#wanted.add(slot);
          this.#change(this.#open(slot));
        }
        break;
      case "work":
        for (const start of message.start) this.#start(start);
        for (const token of message.settled) this.#forget(token);
        break;
      case "end":
        this.#running.get(message.token)?.end({ reason: message.reason }, message.grace);
        for (const { line } of this.#slots.values()) this.#giveUp(line.takeOut(message.token));
        break;
      case "clear_lines":
        for (const slot of message.slots) this.#giveUp(this.#slots.get(slot)?.line.takeAll() ?? []);
        break;
      case "close_slots":
        for (const slot of message.slots) this.#change(this.#closeSlot(slot));
        break;
      case "close":
        this.#watched(this.#close(message.keepFiles));
        break;
    }
  }

  fail(error: unknown): void {
    this.#port.postMessage({ type: "failed", error: describe(error) });
  }

  #watched(work: Promise<void>): void {
    work.catch((error) => this.fail(error));
  }

  #change(work: Promise<void>): void {
    this.#changes.add(work);
    this.#watched(work.finally(() => this.#changes.delete(work)));
  }

  /** @param failures how often it was tried in vain, one after the other */
  async #open(index: number, failures = 0): Promise<void> {
    let launcher: Launcher;
    try {
      if (failures > 0) makeSpool(this.#place.spool);
      launcher = await Launcher.start(this.#place.spool);
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
    this.#port.postMessage({ type: "slot_ready", slot: index, launcher: launcher.ref });
    this.#watched(launcher.ended.then(() => this.#replace(index, slot)));
  }

  #openLater(index: number, failures: number, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#port.postMessage({ type: "slot_failed", slot: index, error: reason });
    const again = async () => {
      await sleep(Math.min(MAX_REOPEN_DELAY, 100 * 2 ** failures));
      if (this.#wanted.has(index)) this.#change(this.#open(index, failures));
    };
    this.#watched(again());
  }

  /** After a launcher died by other hands. That its attempt is lost is said before there is a new one. */
  async #replace(index: number, slot: Slot): Promise<void> {
    if (!this.#wanted.has(index)) return;
    this.#port.postMessage({ type: "slot_gone", slot: index, launcher: slot.launcher.ref });
    this.#giveUp(slot.line.takeAll());
    await slot.attempt;
    await slot.launcher.close();
    const isYoung = performance.now() - slot.since < MIN_LAUNCHER_AGE;
    const deaths = isYoung ? (this.#youngDeaths.get(index) ?? 0) + 1 : 0;
    this.#youngDeaths.set(index, deaths);
    if (deaths > 1) await sleep(Math.min(MAX_REOPEN_DELAY, 50 * 2 ** deaths));
    if (this.#wanted.has(index)) this.#change(this.#open(index));
  }

  async #closeSlot(index: number): Promise<void> {
    this.#wanted.delete(index);
    const slot = this.#slots.get(index);
    this.#slots.delete(index);
    this.#youngDeaths.delete(index);
    await slot?.launcher.close();
  }

  /** The attempt is settled: its files may go. */
  #forget(token: string): void {
    removeSpool(this.#place.spool, token, this.#withMoreFiles.delete(token));
  }

  #start(start: AttemptStart): void {
    const slot = this.#slots.get(start.slot);
    if (slot === undefined) throw new Error(`No slot ${start.slot} is open`);
    if (!slot.isBusy) return this.#begin(start, slot);
    slot.line.join(start);
    this.#armLine();
  }

  #begin(start: AttemptStart, slot: Slot): void {
    const run = new AttemptRun(start, slot.launcher, this.#place);
    this.#running.set(start.token, run);
    this.#armLook();
    slot.isBusy = true;
    slot.attempt = this.#follow(start.token, run, slot);
    this.#watched(slot.attempt);
  }

  async #follow(token: string, run: AttemptRun, slot: Slot): Promise<void> {
    try {
      const report = await run.ended;
      if (run.hasMoreFiles) this.#withMoreFiles.add(token);
      // Before the end is told, after which the pool takes the next in line to have begun.
      this.#giveUp(slot.line.takeLate());
      this.#reports.push(report);
    } finally {
      this.#running.delete(token);
    }
    slot.isBusy = false;
    const next = slot.line.next();
    if (next === undefined) return this.#tell();
    this.#begin(next, slot);
    this.#reportTimer ??= setTimeout(() => this.#tell(), GATHERING);
  }

  /** Tells of the ends that have gathered. */
  #tell(): void {
    if (this.#reportTimer !== null) clearTimeout(this.#reportTimer);
    this.#reportTimer = null;
    const reports = this.#reports;
    this.#reports = [];
    if (reports.length > 0) {
      this.#port.postMessage({ type: "ended", reports }, reports.flatMap(buffersOf));
    }
  }

  /** These do not wait any longer. */
  #giveUp(starts: readonly AttemptStart[]): void {
    if (starts.length === 0) return;
    const now = Date.now();
    for (const { slot, token } of starts) {
      this.#reports.push({
        ...{ slot, token, result: { kind: "unclaimed" }, ending: null },
        ...{ startedAt: now, finishedAt: now, chunks: [], outputBytes: 0 },
      });
    }
    this.#tell();
  }

  /** One timer for all lines, and only while somebody waits. */
  #armLine(): void {
    this.#lineTimer ??= setTimeout(() => {
      this.#lineTimer = null;
      const lines = [...this.#slots.values()].map(({ line }) => line);
      this.#giveUp(lines.flatMap((line) => line.takeLate()));
      if (lines.some((line) => !line.isEmpty)) this.#armLine();
    }, MAX_WAIT);
  }

  /** One timer, and only while something runs. */
  #armLook(): void {
    if (this.#lookTimer !== null || this.#running.size === 0) return;
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = null;
      try {
        this.#look();
      } catch (error) {
        this.fail(error);
      }
      this.#armLook();
    }, LOOK_INTERVAL);
  }

  /** Sends what commands that run for a while have written. */
  #look(): void {
    const before = performance.now() - LOOK_INTERVAL;
    const wakes = ++this.#looks % WAKE_EVERY === 0;
    for (const attempt of this.#running.values()) {
      if (attempt.begunAt > before) break;
      if (wakes) attempt.wake();
      const chunks = attempt.look();
      if (chunks.length > 0) this.#port.postMessage({ type: "output", chunks });
    }
  }

  async #close(keepFiles: boolean): Promise<void> {
    this.#wanted.clear();
    await Promise.allSettled(this.#changes);
    const launchers = [...this.#slots.values()].map((slot) => slot.launcher);
    await Promise.all(launchers.map((launcher) => launcher.close({ keepStatus: keepFiles })));
    this.#port.postMessage({ type: "closed" });
    this.#port.close();
  }
}

/** What the system refuses says all that there is to say; anything else is a mistake to be found. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /\(os error \d+\)/.test(error.message) ? error.message : error.stack ?? error.message;
}

/** A chunk is a view of a buffer that it may share with others. */
function buffersOf({ chunks }: AttemptReport): Transferable[] {
  return [...new Set(chunks.map((chunk) => chunk.bytes.buffer as ArrayBuffer))];
}

const port = self as unknown as Port;
const executor = new Executor(port);
port.onmessage = ({ data }) => {
  try {
    executor.handle(data);
  } catch (error) {
    executor.fail(error);
  }
};
