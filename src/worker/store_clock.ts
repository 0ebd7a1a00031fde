/**
 * The clock of the store as a worker can tell it: that of a server is not that of this machine.
 *
 * @module
 */

import type { AttemptEnd, TickRequest } from "../store/tick.ts";

/** Knows how far the store's clock is ahead, by its answers. */
export class StoreClock {
  /** Between these two it must be, milliseconds. */
  #least = -Infinity;
  #most = Infinity;

  /** The store has said what time it is; it was asked and has answered at these times of this machine's clock. */
  hear(now: number, asked: number, answered: number): void {
    // The store leaves out what is less than a millisecond.
    const [least, most] = [now - answered, now + 1 - asked];
    const contradicts = least > this.#most || most < this.#least;
    // Then one of the clocks was set, or is slower.
    this.#least = contradicts ? least : Math.max(this.#least, least);
    this.#most = contradicts ? most : Math.min(this.#most, most);
  }

  /** What to add to a time of this machine's clock, milliseconds: 0 as long as the two may show the same. */
  get ahead(): number {
    if (this.#least > 0) return Math.round(this.#least);
    return this.#most < 0 ? Math.round(this.#most) : 0;
  }

  /** What a worker brings to a tick, with the times that it has noted by the store's clock. */
  inItsTime(brought: Pick<TickRequest, "ended" | "output">): Pick<TickRequest, "ended" | "output"> {
    const { ahead } = this;
    if (ahead === 0) return brought;
    const later = <T extends { readonly time: number }>(chunk: T): T => ({
      ...chunk,
      time: chunk.time + ahead,
    });
    return {
      ended: brought.ended.map((end): AttemptEnd => ({
        ...end,
        ...end.startedAt === undefined ? {} : { startedAt: end.startedAt + ahead },
        finishedAt: end.finishedAt + ahead,
        chunks: end.chunks.map(later),
      })),
      output: brought.output.map((piece) => ({ ...piece, chunk: later(piece.chunk) })),
    };
  }
}
