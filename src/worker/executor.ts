/**
 * The Web Worker that hosts slots: it starts commands, ends them, and reads what they wrote. It talks
 * to its supervisor in the messages of `protocol.ts` and to nobody else.
 *
 * @module
 */

import { Launcher } from "./launcher.ts";
import { type EndControl, endTree } from "./process_tree.ts";
import type {
  AttemptResult,
  AttemptStart,
  EndReason,
  FromExecutor,
  ToExecutor,
} from "./protocol.ts";
import { sleep } from "./sleep.ts";
import { noteHandBack, removeSpool, type SpoolPaths, spoolPaths, SpoolReader } from "./spool.ts";

/** How often running commands are looked at for output, milliseconds. */
const LOOK_INTERVAL = 200;

/** A launcher that dies younger than this is replaced later and later, for the shell may be broken. */
const MIN_LAUNCHER_AGE = 1000;
const MAX_REOPEN_DELAY = 10_000;

/** A job that is running. */
interface Attempt {
  readonly start: AttemptStart;
  /** By the wall clock, for people, and by a monotonic one. */
  readonly startedAt: number;
  readonly begunAt: number;
  readonly launcher: Launcher;
  readonly output: SpoolReader;
  over: boolean;
  /** The `end` that is under way. */
  ending: { readonly control: EndControl; readonly done: Promise<void> } | null;
}

/** A slot with its launcher; when the launcher dies, another slot takes the place of this one. */
interface Slot {
  readonly launcher: Launcher;
  /** By the monotonic clock. */
  readonly since: number;
  /** The latest attempt, which may have ended; null if there was none. */
  attempt: Promise<void> | null;
}

/** The other end of the message channel, as a Web Worker sees it. */
interface Port {
  onmessage: ((event: MessageEvent<ToExecutor>) => void) | null;
  postMessage(message: FromExecutor, transfer?: Transferable[]): void;
  close(): void;
}

class Executor {
  readonly #port: Port;
  readonly #slots = new Map<number, Slot>();
  /** By token, in the order of their start. */
  readonly #running = new Map<string, Attempt>();
  #spool = "";
  #cwd = "/";
  #lookTimer: ReturnType<typeof setTimeout> | null = null;
  #opening: Promise<void>[] = [];
  /** How many launchers of a slot have died young, one after the other. */
  readonly #youngDeaths = new Map<number, number>();
  /** Tokens of attempts with a note that they are handed back. */
  readonly #handedBack = new Set<string>();
  #closing = false;

  constructor(port: Port) {
    this.#port = port;
  }

  handle(message: ToExecutor): void {
    switch (message.type) {
      case "open":
        this.#spool = message.spool;
        this.#cwd = Deno.cwd();
        this.#makeSpool();
        this.#opening = message.slots.map((slot) => this.#open(slot));
        for (const opening of this.#opening) this.#watched(opening);
        break;
      case "work":
        for (const start of message.start) this.#start(start);
        for (const token of message.settled) this.#forget(token);
        break;
      case "end":
        this.#end(message.token, message.grace, message.reason);
        break;
      case "close":
        this.#watched(this.#close(message.keepFiles));
        break;
    }
  }

  fail(error: unknown): void {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    this.#port.postMessage({ type: "failed", error: text });
  }

  /** Somebody may have removed it since the worker began. */
  #makeSpool(): void {
    Deno.mkdirSync(this.#spool, { recursive: true, mode: 0o700 });
  }

  #watched(work: Promise<void>): void {
    work.catch((error) => this.fail(error));
  }

  async #open(index: number): Promise<void> {
    const launcher = await Launcher.start(this.#spool);
    const slot = { launcher, since: performance.now(), attempt: null };
    this.#slots.set(index, slot);
    this.#port.postMessage({ type: "slot_ready", slot: index, launcher: launcher.ref });
    this.#watched(launcher.ended.then(() => this.#replace(index, slot)));
  }

  /** After a launcher died by other hands. That its attempt is lost is said before there is a new one. */
  async #replace(index: number, slot: Slot): Promise<void> {
    if (this.#closing) return;
    await slot.attempt;
    await slot.launcher.close();
    const isYoung = performance.now() - slot.since < MIN_LAUNCHER_AGE;
    const deaths = isYoung ? (this.#youngDeaths.get(index) ?? 0) + 1 : 0;
    this.#youngDeaths.set(index, deaths);
    if (deaths > 1) await sleep(Math.min(MAX_REOPEN_DELAY, 50 * 2 ** deaths));
    if (!this.#closing) await this.#open(index);
  }

  /** The attempt is settled: its files may go. */
  #forget(token: string): void {
    removeSpool(this.#spool, token, this.#handedBack.delete(token));
  }

  #start(start: AttemptStart): void {
    const slot = this.#slots.get(start.slot);
    if (slot === undefined) throw new Error(`No slot ${start.slot} is open`);
    slot.attempt = this.#run(start, slot.launcher);
    this.#watched(slot.attempt);
  }

  async #run(start: AttemptStart, launcher: Launcher): Promise<void> {
    const { token } = start;
    const startedAt = Date.now();
    const begunAt = performance.now();
    const { pid, startTime } = launcher.ref;
    if (pid !== start.launcher.pid || startTime !== start.launcher.startTime) {
      // Replaced since the claim: a rescuer would look for this attempt where it is not.
      const error = "The slot's launcher was replaced";
      return this.#postEnded(start, { kind: "not_begun", error }, false, startedAt, null);
    }
    const paths = spoolPaths(this.#spool, token);
    let output: SpoolReader;
    try {
      output = this.#createOutput(paths, start);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const text = `The files for the command's output cannot be made: ${reason}`;
      this.#postEnded(start, { kind: "not_begun", error: text }, false, startedAt, null);
      return;
    }
    using files = output;
    const attempt: Attempt = {
      ...{ start, startedAt, begunAt, launcher, output },
      ...{ over: false, ending: null },
    };
    this.#running.set(token, attempt);
    this.#armLook();
    const { command, env } = start;
    const cwd = start.cwd ?? this.#cwd;
    const result = await launcher.run({ token, command, cwd, env, paths, hasInput: false });
    attempt.over = true;
    // What the launcher started may live on. Nothing else may run in the attempt's stead before.
    if (result.kind === "launcher_died" && attempt.ending === null) {
      await endTree(treeOf(attempt), { killAt: 0 });
    }
    await attempt.ending?.done;
    this.#running.delete(token);
    const endedByUs = attempt.ending?.control.signalled ?? false;
    this.#postEnded(start, result, endedByUs, startedAt, files);
  }

  #createOutput(paths: SpoolPaths, { token, maxOutput }: AttemptStart): SpoolReader {
    try {
      return SpoolReader.create(paths, token, maxOutput);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      this.#makeSpool();
      return SpoolReader.create(paths, token, maxOutput);
    }
  }

  #postEnded(
    start: AttemptStart,
    result: AttemptResult,
    endedByUs: boolean,
    startedAt: number,
    output: SpoolReader | null,
  ): void {
    const chunks = output?.finish() ?? [];
    const outputBytes = output?.outputBytes ?? 0;
    const { slot, token } = start;
    const finishedAt = Date.now();
    const buffers = new Set(chunks.map((chunk) => chunk.bytes.buffer as ArrayBuffer));
    this.#port.postMessage({
      type: "ended",
      slot,
      token,
      result,
      endedByUs,
      startedAt,
      finishedAt,
      chunks,
      outputBytes,
    }, [...buffers]);
  }

  /** An `end` for an attempt that has ended means nothing. Of several, the shortest grace counts. */
  #end(token: string, grace: number, reason: EndReason): void {
    const attempt = this.#running.get(token);
    if (attempt === undefined) return;
    if (reason === "hand_back" && !this.#handedBack.has(token)) {
      this.#handedBack.add(token);
      noteHandBack(this.#spool, token);
    }
    const killAt = performance.now() + grace;
    if (attempt.ending !== null) {
      const { control } = attempt.ending;
      control.killAt = Math.min(control.killAt, killAt);
      return;
    }
    const control: EndControl = { killAt, isOver: () => attempt.over };
    const done = endTree(treeOf(attempt), control);
    attempt.ending = { control, done };
    this.#watched(done);
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
    for (const attempt of this.#running.values()) {
      if (attempt.begunAt > before) break;
      const chunks = attempt.output.look();
      if (chunks.length > 0) this.#port.postMessage({ type: "output", chunks });
    }
  }

  async #close(keepFiles: boolean): Promise<void> {
    this.#closing = true;
    await Promise.allSettled(this.#opening);
    const launchers = [...this.#slots.values()].map((slot) => slot.launcher);
    await Promise.all(launchers.map((launcher) => launcher.close({ keepStatus: keepFiles })));
    this.#port.postMessage({ type: "closed" });
    this.#port.close();
  }
}

function treeOf(attempt: Attempt) {
  return { tokens: [attempt.start.token], launchers: [attempt.launcher.ref] };
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
