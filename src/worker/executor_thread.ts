/**
 * An executor as its supervisor sees it: a Web Worker that is sent messages.
 *
 * @module
 */

import { executorUrl } from "./executor_url.ts";
import type { LeaseEnd } from "./lease.ts";
import type {
  AttemptReport,
  AttemptStart,
  FromExecutor,
  OutputChunk,
  ProcessRef,
  RequestedEnd,
  ToExecutor,
} from "./protocol.ts";

/** What an executor has to say. */
export interface ExecutorListener {
  slotReady(executor: ExecutorThread, slot: number, launcher: ProcessRef): void;
  slotGone(executor: ExecutorThread, slot: number, launcher: ProcessRef): void;
  /** A slot without a launcher has got none; it is tried again. */
  slotFailed(error: string): void;
  output(chunks: readonly OutputChunk[]): void;
  ended(reports: readonly AttemptReport[]): void;
  /** The lease was not renewed in time: what it ran is being ended. */
  leaseOver(): void;
  /** It cannot go on, and is terminated. */
  failed(executor: ExecutorThread, error: string): void;
}

/** Speaks with one executor. What is to start and what is settled goes out at the next flush. */
export class ExecutorThread {
  readonly #worker: Worker;
  readonly #spool: string;
  readonly #listener: ExecutorListener;
  /** Tokens of attempts that it began and that are not settled yet. */
  readonly #unsettled = new Set<string>();
  readonly #closed = Promise.withResolvers<void>();
  #start: AttemptStart[] = [];
  #settled: string[] = [];
  #isOver = false;

  /** @param spool the absolute directory for spool files */
  constructor(spool: string, listener: ExecutorListener) {
    this.#spool = spool;
    this.#listener = listener;
    this.#worker = new Worker(executorUrl(), { type: "module" });
    this.#worker.onmessage = (event: MessageEvent<FromExecutor>) => this.#hear(event.data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(event.message);
    };
  }

  /** Whether it may still have the files of an attempt. */
  get hasUnsettled(): boolean {
    return this.#unsettled.size > 0;
  }

  /** Makes slots; the listener hears of each when it is ready. */
  open(slots: readonly number[]): void {
    this.#send({ type: "open", slots, spool: this.#spool });
  }

  /** From this moment on it is to run nothing, unless that is put off. */
  renew(end: LeaseEnd): void {
    this.#send({ type: "lease", end });
  }

  /** Whoever waits in the lines of these slots is not to wait any longer. */
  clearLines(slots: readonly number[]): void {
    this.#send({ type: "clear_lines", slots });
  }

  /** Lets slots go in which nothing runs. */
  closeSlots(slots: readonly number[]): void {
    this.#send({ type: "close_slots", slots });
  }

  start(start: AttemptStart): void {
    this.#unsettled.add(start.token);
    this.#start.push(start);
  }

  /** The spool files of the attempt may go. */
  settled(token: string): void {
    if (this.#unsettled.delete(token)) this.#settled.push(token);
  }

  /** Ends an attempt's tree: SIGTERM, after `grace` milliseconds SIGKILL. */
  end(token: string, grace: number, reason: RequestedEnd): void {
    this.#send({ type: "end", token, grace, reason });
  }

  flush(): void {
    if (this.#start.length === 0 && this.#settled.length === 0) return;
    this.#send({ type: "work", settled: this.#settled, start: this.#start });
    this.#start = [];
    this.#settled = [];
  }

  /**
   * Lets all launchers go; resolves when they are gone and the thread has ended.
   *
   * @param keepFiles the store has not heard of the last ends, so a rescuer needs the files
   */
  async close(keepFiles: boolean): Promise<void> {
    this.flush();
    this.#send({ type: "close", keepFiles });
    await this.#closed.promise;
  }

  #send(message: ToExecutor): void {
    if (!this.#isOver) this.#worker.postMessage(message);
  }

  #hear(message: FromExecutor): void {
    // Of one that has failed, all that it had in hand is the owner's by now.
    if (this.#isOver) return;
    switch (message.type) {
      case "slot_ready":
        return this.#listener.slotReady(this, message.slot, message.launcher);
      case "slot_gone":
        return this.#listener.slotGone(this, message.slot, message.launcher);
      case "slot_failed":
        return this.#listener.slotFailed(message.error);
      case "output":
        return this.#listener.output(message.chunks);
      case "lease_over":
        return this.#listener.leaseOver();
      case "ended":
        return this.#listener.ended(message.reports);
      case "closed":
        this.#isOver = true;
        return this.#closed.resolve();
      case "failed":
        return this.#fail(message.error);
    }
  }

  #fail(error: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#worker.terminate();
    this.#closed.resolve();
    this.#listener.failed(this, error);
  }
}
