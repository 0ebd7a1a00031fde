/**
 * The executors of a worker and their slots: which are free, which run what.
 *
 * @module
 */

import type { Claim } from "../store/store.ts";
import { executorUrl } from "./executor_url.ts";
import type {
  AttemptResult,
  AttemptStart,
  EndReason,
  FromExecutor,
  OutputChunk,
  ProcessRef,
  ToExecutor,
} from "./protocol.ts";
import { sleep } from "./sleep.ts";

/** The end of an attempt, as an executor reports it. */
export type AttemptReport = Extract<FromExecutor, { type: "ended" }>;

/** What a pool tells its supervisor. */
export interface PoolListener {
  /** A slot has become free. */
  ready(): void;
  output(chunks: readonly OutputChunk[]): void;
  ended(report: AttemptReport): void;
  /** An executor has failed; these attempts were in its hands, with these launchers. */
  failed(error: string, orphans: readonly Orphan[]): void;
  /** No slot has ever become ready, and it does not look as if one will. */
  broken(error: string): void;
}

/** A slot that can take a job. */
export interface FreeSlot {
  readonly slot: number;
  readonly launcher: ProcessRef;
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
/** A slot in which a job could not begin rests for so long, milliseconds. */
const SLOT_REST = 1000;
/** The program does not wait longer for its launchers to go, milliseconds. */
const CLOSE_PATIENCE = 2000;

interface Slot {
  readonly index: number;
  executor: Worker;
  launcher: ProcessRef | null;
  /** The attempt that runs in it, and the launcher that started it. */
  token: string | null;
  launcherOfToken: ProcessRef | null;
  /** By the monotonic clock: until then it takes no job. */
  restsUntil: number;
}

/** What a pool is made of. */
export interface PoolOptions {
  readonly slots: number;
  readonly threads: number;
  /** The absolute directory for spool files. */
  readonly spool: string;
}

/** Spreads slots over executors. */
export class ExecutorPool {
  readonly #slots: Slot[] = [];
  readonly #executors = new Set<Worker>();
  /** What each executor is told at the next flush. */
  readonly #outbox = new Map<Worker, { settled: string[]; start: AttemptStart[] }>();
  /** Who ran an attempt that is not settled yet: it has the spool files open. */
  readonly #unsettled = new Map<string, Worker>();
  readonly #closed = new Map<Worker, () => void>();
  readonly #spool: string;
  readonly #listener: PoolListener;
  /** Executors that failed one after the other, without a slot becoming ready in between. */
  #failures = 0;
  #wasReady = false;
  #isClosed = false;

  constructor(options: PoolOptions, listener: PoolListener) {
    this.#spool = options.spool;
    this.#listener = listener;
    for (let thread = 0; thread < options.threads; thread++) {
      const indexes = Array.from({ length: options.slots }, (_, index) => index)
        .filter((index) => index % options.threads === thread);
      this.#open(indexes);
    }
  }

  /** The slots that can take a job, each with its launcher. */
  free(): FreeSlot[] {
    const now = performance.now();
    return this.#slots.flatMap(({ index, launcher, token, restsUntil }) =>
      launcher !== null && token === null && restsUntil <= now ? [{ slot: index, launcher }] : []
    );
  }

  /** Whether the slot is still free, with the launcher that it had then. */
  isStillFree({ slot, launcher }: FreeSlot): boolean {
    const now = this.#slots[slot]!;
    return now.token === null && now.launcher === launcher;
  }

  /** Whether every slot has its launcher. */
  get isReady(): boolean {
    return this.#slots.every((slot) => slot.launcher !== null);
  }

  /** At the next flush, the attempt starts in its slot. */
  start(start: AttemptStart): void {
    const slot = this.#slots[start.slot]!;
    slot.token = start.token;
    slot.launcherOfToken = slot.launcher;
    this.#unsettled.set(start.token, slot.executor);
    this.#outboxOf(slot.executor).start.push(start);
  }

  /** At the next flush, the spool files of the attempt may go. */
  settled(token: string): void {
    const executor = this.#unsettled.get(token);
    if (!executor) return;
    this.#unsettled.delete(token);
    this.#outboxOf(executor).settled.push(token);
  }

  /** Sends what has gathered, a message for each executor. */
  flush(): void {
    for (const [executor, { settled, start }] of this.#outbox) {
      send(executor, { type: "work", settled, start });
    }
    this.#outbox.clear();
  }

  /** Ends an attempt's tree: SIGTERM, after `grace` milliseconds SIGKILL. */
  end(token: string, grace: number, reason: EndReason): void {
    const executor = this.#unsettled.get(token);
    if (executor) send(executor, { type: "end", token, grace, reason });
  }

  /**
   * Lets the launchers go; resolves when they are gone, or do not go in time.
   *
   * @param keepFiles the store has not heard of the last ends, so a rescuer needs the files
   */
  async close(keepFiles: boolean): Promise<void> {
    this.flush();
    this.#isClosed = true;
    const closed = [...this.#executors].map((executor) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#closed.set(executor, resolve);
      send(executor, { type: "close", keepFiles });
      return promise;
    });
    this.#executors.clear();
    await Promise.race([Promise.all(closed), sleep(CLOSE_PATIENCE)]);
  }

  #open(indexes: readonly number[]): void {
    const executor = new Worker(executorUrl(), { type: "module" });
    this.#executors.add(executor);
    for (const index of indexes) {
      this.#slots[index] = {
        ...{ index, executor, launcher: null },
        ...{ token: null, launcherOfToken: null, restsUntil: 0 },
      };
    }
    executor.onmessage = (event: MessageEvent<FromExecutor>) => this.#hear(executor, event.data);
    executor.onerror = (event) => {
      event.preventDefault();
      this.#fail(executor, event.message);
    };
    send(executor, { type: "open", slots: indexes, spool: this.#spool });
  }

  #hear(executor: Worker, message: FromExecutor): void {
    switch (message.type) {
      case "slot_ready":
        this.#slots[message.slot]!.launcher = message.launcher;
        this.#failures = 0;
        this.#wasReady = true;
        return this.#listener.ready();
      case "output":
        return this.#listener.output(message.chunks);
      case "ended":
        this.#free(this.#slots[message.slot]!, message.result.kind);
        return this.#listener.ended(message);
      case "closed":
        return this.#closed.get(executor)?.();
      case "failed":
        return this.#fail(executor, message.error);
    }
  }

  /** A launcher that died is replaced, and the news of the new one may have come before. */
  #free(slot: Slot, end: AttemptResult["kind"]): void {
    if (end === "not_begun") slot.restsUntil = performance.now() + SLOT_REST;
    if (end === "launcher_died" && slot.launcher === slot.launcherOfToken) slot.launcher = null;
    slot.token = slot.launcherOfToken = null;
  }

  /** Its launchers go on without it: the supervisor ends them, and another takes over the slots. */
  #fail(executor: Worker, error: string): void {
    this.#closed.get(executor)?.();
    if (!this.#executors.delete(executor)) return;
    executor.terminate();
    this.#outbox.delete(executor);
    const lost = this.#slots.filter((slot) => slot.executor === executor);
    const orphans = lost.flatMap(({ token, launcherOfToken: launcher }) =>
      token !== null && launcher !== null ? [{ token, launcher }] : []
    );
    for (const [token, owner] of this.#unsettled) {
      if (owner === executor) this.#unsettled.delete(token);
    }
    for (const slot of lost) slot.launcher = null;
    this.#listener.failed(error, orphans);
    this.#failures++;
    if (!this.#wasReady && this.#failures >= MAX_FAILED_STARTS) {
      return this.#listener.broken(error);
    }
    this.#reopen(lost.map((slot) => slot.index));
  }

  async #reopen(indexes: readonly number[]): Promise<void> {
    await sleep(Math.min(MAX_REOPEN_DELAY, REOPEN_DELAY * 2 ** this.#failures));
    if (!this.#isClosed) this.#open(indexes);
  }

  #outboxOf(executor: Worker): { settled: string[]; start: AttemptStart[] } {
    let box = this.#outbox.get(executor);
    if (!box) this.#outbox.set(executor, box = { settled: [], start: [] });
    return box;
  }
}

/** What an executor needs to know of a claimed job. */
export function attemptStart(
  claim: Claim,
  { slot, launcher }: FreeSlot,
  options: { readonly address: string; readonly maxOutput: number },
): AttemptStart {
  const { job, token } = claim;
  return {
    slot,
    launcher,
    token,
    command: job.command,
    cwd: job.cwd,
    maxOutput: options.maxOutput,
    env: {
      QUEUECTL_JOB_ID: job.id,
      QUEUECTL_ATTEMPT: String(job.attempts),
      QUEUECTL_MAX_RETRIES: String(job.maxRetries),
      QUEUECTL_QUEUE: job.queue,
      QUEUECTL_ATTEMPT_TOKEN: token,
      QUEUECTL_DB: options.address,
    },
  };
}

function send(executor: Worker, message: ToExecutor): void {
  executor.postMessage(message);
}
