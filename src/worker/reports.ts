/**
 * What an executor has to tell of attempts that have ended: ends that come soon after each other go together,
 * for a message costs more than what is in it.
 *
 * @module
 */

import type { AttemptReport, AttemptStart, FromExecutor } from "./protocol.ts";

/** Ends are told together if they come within so many milliseconds and no slot is free meanwhile. */
const GATHERING = 16;

/** The ends that are to be told. */
export class Reports {
  readonly #post: (message: FromExecutor, transfer: Transferable[]) => void;
  #reports: AttemptReport[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** @param post sends a message to the supervisor */
  constructor(post: (message: FromExecutor, transfer: Transferable[]) => void) {
    this.#post = post;
  }

  /** One more, to be told with the next. */
  add(report: AttemptReport): void {
    this.#reports.push(report);
  }

  /** These attempts do not begin any more; that is told at once. */
  giveUp(starts: readonly AttemptStart[]): void {
    if (starts.length === 0) return;
    const now = Date.now();
    for (const { slot, token } of starts) {
      this.add({
        ...{ slot, token, result: { kind: "unclaimed" }, ending: null },
        ...{ startedAt: now, finishedAt: now, chunks: [], outputBytes: 0 },
      });
    }
    this.tell();
  }

  /** Tells those that have gathered. */
  tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const reports = this.#reports;
    this.#reports = [];
    if (reports.length > 0) this.#post({ type: "ended", reports }, reports.flatMap(buffersOf));
  }

  /** Tells them soon, with those that come meanwhile. */
  tellSoon(): void {
    this.#timer ??= setTimeout(() => this.tell(), GATHERING);
  }
}

/** A chunk is a view of a buffer that it may share with others. */
function buffersOf({ chunks }: AttemptReport): Transferable[] {
  return [...new Set(chunks.map((chunk) => chunk.bytes.buffer as ArrayBuffer))];
}
