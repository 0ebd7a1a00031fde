/**
 * The job that waits longest, for those who ask again and again.
 *
 * @module
 */

import { Pace } from "./pace.ts";
import { selectOldestPending } from "./queries.ts";
import { get, type Work } from "./work.ts";

/**
 * Where a look takes long (`pace.ts` says why), the next ones begin at the job that was found, and only now and then one
 * goes over all: what came back in between, and is older, is seen a little later.
 */
export class OldestPending {
  readonly #pace: Pace;
  /** None before this one is known to wait. */
  #from = 0;

  /** @param pace of the looks over all */
  constructor(pace: Pace = new Pace()) {
    this.#pace = pace;
  }

  /** When it was enqueued; null if no job waits. */
  *select(): Work<number | null> {
    const isFull = this.#pace.isTime;
    const begin = performance.now();
    const oldest = yield* selectOldestPending(isFull ? 0 : this.#from);
    const took = performance.now() - begin;
    this.#from = oldest === null ? yield* selectNewest() : oldest.seq;
    if (isFull) this.#pace.note(took, this.#from);
    return oldest?.createdAt ?? null;
  }
}

function* selectNewest(): Work<number> {
  const row = yield* get("SELECT max(seq) AS seq FROM job");
  return (row?.seq ?? 0) as number;
}
