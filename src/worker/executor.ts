/**
 * The Web Worker that hosts slots: it starts commands, ends them, and reads what they wrote. It talks
 * to its supervisor in the messages of `protocol.ts` and to nobody else.
 *
 * @module
 */

import { AttemptRun, makeSpool, type Place } from "./attempt_run.ts";
import { type HostedSlot, HostedSlots } from "./hosted_slots.ts";
import { isOver, type LeaseEnd } from "./lease.ts";
import { MAX_WAIT } from "./line.ts";
import type { AttemptStart, FromExecutor, ToExecutor } from "./protocol.ts";
import { Reports } from "./reports.ts";
import { removeSpool } from "./spool.ts";

/** How often running commands are looked at for output, milliseconds. */
const LOOK_INTERVAL = 200;

/** Each so many looks, those that are stopped among the launchers of running commands go on. */
const WAKE_EVERY = 5;

/** The other end of the message channel, as a Web Worker sees it. */
interface Port {
  onmessage: ((event: MessageEvent<ToExecutor>) => void) | null;
  postMessage(message: FromExecutor, transfer?: Transferable[]): void;
  close(): void;
}

class Executor {
  readonly #port: Port;
  readonly #slots: HostedSlots;
  readonly #reports: Reports;
  /** By token, in the order of their start. */
  readonly #running = new Map<string, AttemptRun>();
  /** Tokens of attempts that have ended, with more spool files than those of their output. */
  readonly #withMoreFiles = new Set<string>();
  #place: Place = { spool: "", cwd: Deno.cwd() };
  #lookTimer: ReturnType<typeof setTimeout> | null = null;
  #lineTimer: ReturnType<typeof setTimeout> | null = null;
  #looks = 0;
  /** Null: there is no end to it. */
  #lease: LeaseEnd | null = null;
  #saidLeaseOver = false;

  constructor(port: Port) {
    this.#port = port;
    this.#reports = new Reports((message, transfer) => port.postMessage(message, transfer));
    this.#slots = new HostedSlots({
      spool: () => this.#place.spool,
      post: (message) => port.postMessage(message),
      giveUp: (starts) => this.#reports.giveUp(starts),
      watched: (work) => this.#watched(work),
    });
  }

  handle(message: ToExecutor): void {
    switch (message.type) {
      case "open":
        this.#place = { ...this.#place, spool: message.spool };
        makeSpool(message.spool);
        this.#slots.open(message.slots);
        break;
      case "work":
        for (const start of message.start) this.#start(start);
        for (const token of message.settled) this.#forget(token);
        break;
      case "lease":
        this.#lease = message.end;
        this.#saidLeaseOver = false;
        break;
      case "end":
        this.#running.get(message.token)?.end({ reason: message.reason }, message.grace);
        for (const line of this.#slots.lines()) this.#reports.giveUp(line.takeOut(message.token));
        break;
      case "clear_lines":
        for (const slot of message.slots) {
          this.#reports.giveUp(this.#slots.get(slot)?.line.takeAll() ?? []);
        }
        break;
      case "close_slots":
        this.#slots.close(message.slots);
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

  /** The attempt is settled: its files may go. */
  #forget(token: string): void {
    removeSpool(this.#place.spool, token, this.#withMoreFiles.delete(token));
  }

  #start(start: AttemptStart): void {
    const slot = this.#slots.get(start.slot);
    if (slot === undefined) throw new Error(`No slot ${start.slot} is open`);
    if (this.#isTooLate) return this.#reports.giveUp([start]);
    if (!slot.isBusy) return this.#begin(start, slot);
    slot.line.join(start);
    this.#armLine();
  }

  #begin(start: AttemptStart, slot: HostedSlot): void {
    const run = new AttemptRun(start, slot.launcher, this.#place);
    this.#running.set(start.token, run);
    this.#armLook();
    slot.isBusy = true;
    slot.attempt = this.#follow(start.token, run, slot);
    this.#watched(slot.attempt);
  }

  async #follow(token: string, run: AttemptRun, slot: HostedSlot): Promise<void> {
    try {
      const report = await run.ended;
      if (run.hasMoreFiles) this.#withMoreFiles.add(token);
      // Before the end is told, after which the pool takes the next in line to have begun.
      this.#reports.giveUp(this.#isTooLate ? slot.line.takeAll() : slot.line.takeLate());
      this.#reports.add(report);
    } finally {
      this.#running.delete(token);
    }
    slot.isBusy = false;
    const next = slot.line.next();
    if (next === undefined) return this.#reports.tell();
    this.#begin(next, slot);
    this.#reports.tellSoon();
  }

  /** Whether others may have been given what this executor has yet to begin. */
  get #isTooLate(): boolean {
    return this.#lease !== null && isOver(this.#lease);
  }

  /** Ends all, if others may soon be given what runs here: also while the supervisor hangs. */
  #lookAtLease(): void {
    if (!this.#isTooLate) return;
    for (const line of this.#slots.lines()) this.#reports.giveUp(line.takeAll());
    for (const run of this.#running.values()) run.end({ reason: "hand_back" }, 0);
    if (this.#saidLeaseOver) return;
    this.#saidLeaseOver = true;
    this.#port.postMessage({ type: "lease_over" });
  }

  /** One timer for all lines, and only while somebody waits. */
  #armLine(): void {
    this.#lineTimer ??= setTimeout(() => {
      this.#lineTimer = null;
      const lines = this.#slots.lines();
      this.#reports.giveUp(lines.flatMap((line) => line.takeLate()));
      if (lines.some((line) => !line.isEmpty)) this.#armLine();
    }, MAX_WAIT);
  }

  /** One timer, and only while something runs. */
  #armLook(): void {
    if (this.#lookTimer !== null || this.#running.size === 0) return;
    this.#lookTimer = setTimeout(() => {
      this.#lookTimer = null;
      try {
        this.#lookAtLease();
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
    await this.#slots.closeAll(keepFiles);
    this.#port.postMessage({ type: "closed" });
    this.#port.close();
  }
}

/** What the system refuses says all that there is to say; anything else is a mistake to be found. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return /\(os error \d+\)/.test(error.message) ? error.message : error.stack ?? error.message;
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
