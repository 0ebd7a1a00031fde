/**
 * An executor that runs nothing, in the place of the Web Worker that a supervisor speaks with.
 *
 * @module
 */

import { processRef } from "../../../src/worker/host.ts";
import type {
  AttemptStart,
  Ending,
  FromExecutor,
  ToExecutor,
} from "../../../src/worker/protocol.ts";

/** How a command says that it takes so many seconds; any other takes none. */
const SLEEP = /^sleep ([\d.]+)$/;

/** The end of a command that was ended: 128 and SIGTERM. */
const TERMINATED = 143;

/** Has each attempt end after the time that its command is to sleep, one after the other in each slot. */
export class FakeExecutor {
  onmessage: ((event: { readonly data: FromExecutor }) => void) | null = null;
  onerror: ((event: unknown) => void) | null = null;
  /** By slot, the first one runs. */
  readonly #lines = new Map<number, Attempt[]>();

  /** As `Worker.postMessage`. */
  postMessage(message: ToExecutor): void {
    switch (message.type) {
      case "open":
        for (const slot of message.slots) {
          this.#lines.set(slot, []);
          this.#say({ type: "slot_ready", slot, launcher: processRef(Deno.pid)! });
        }
        break;
      case "work":
        for (const start of message.start) this.#join(start);
        break;
      case "end":
        for (const line of this.#lines.values()) {
          const attempt = line.find(({ start }) => start.token === message.token);
          if (attempt) this.#end(attempt, TERMINATED, { reason: "hand_back" });
        }
        break;
      case "close":
        this.#say({ type: "closed" });
    }
  }

  /** As `Worker.terminate`. */
  terminate(): void {
    for (const line of this.#lines.values()) clearTimeout(line[0]?.timer);
    this.#lines.clear();
  }

  #join(start: AttemptStart): void {
    const line = this.#lines.get(start.slot)!;
    line.push({ start, startedAt: Date.now() });
    if (line.length === 1) this.#begin(line[0]!);
  }

  #begin(attempt: Attempt): void {
    attempt.startedAt = Date.now();
    const seconds = Number(SLEEP.exec(attempt.start.command)?.[1] ?? 0);
    attempt.timer = setTimeout(() => this.#end(attempt, 0, null), seconds * 1000);
  }

  #end(attempt: Attempt, code: number, ending: Ending | null): void {
    const { start: { slot, token }, startedAt, timer } = attempt;
    clearTimeout(timer);
    const line = this.#lines.get(slot)!;
    const place = line.indexOf(attempt);
    line.splice(place, 1);
    const result = { kind: "exit", code } as const;
    const written = { finishedAt: Date.now(), chunks: [], outputBytes: 0 };
    this.#say({ type: "ended", reports: [{ slot, token, result, ending, startedAt, ...written }] });
    if (place === 0 && line[0] !== undefined) this.#begin(line[0]);
  }

  #say(message: FromExecutor): void {
    queueMicrotask(() => this.onmessage?.({ data: message }));
  }
}

/** An attempt that runs or waits in the line of its slot. */
interface Attempt {
  readonly start: AttemptStart;
  startedAt: number;
  timer?: ReturnType<typeof setTimeout>;
}
