/**
 * Follows the output of a job while it runs, over all its attempts.
 *
 * @module
 */

import { AttemptOutput, type Piece } from "./attempt_output.ts";
import { readJobById } from "./actions/read_job.ts";
import { NotFoundError } from "./errors.ts";
import type { Job } from "./job/job.ts";
import { isFinal } from "./job/state.ts";
import { Pause } from "./pause.ts";
import type { Store } from "./store/store.ts";

/** What is followed. */
export interface FollowRequest {
  /** The full id. */
  readonly id: string;
  /** One attempt alone; null is the latest one and all after it. */
  readonly attempt: number | null;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/** What whoever follows hears of. */
export type Followed =
  /** An attempt has yet to begin. */
  | { readonly kind: "waiting"; readonly job: Job; readonly attempt: number }
  /** An attempt has begun; not told of the first one if it was there from the beginning. */
  | { readonly kind: "begins"; readonly attempt: number }
  | { readonly kind: "output"; readonly attempt: number; readonly piece: Piece }
  /** An attempt has ended: what follows does not continue it. */
  | { readonly kind: "ends"; readonly attempt: number }
  /** The job has ended, and all of its output was given. */
  | { readonly kind: "done"; readonly job: Job };

/**
 * The output of a job as it comes, until the job, or the one attempt, has ended.
 *
 * @throws {NotFoundError} if the job is deleted, or ends without the attempt that was asked for
 */
export async function* followOutput(
  store: Store,
  { id, attempt, signal }: FollowRequest,
): AsyncGenerator<Followed> {
  const first = attempt ?? (await store.attempts(id)).at(-1)?.attempt ?? 1;
  for (let number = first; yield* untilBegun(number); number++) {
    yield* untilEnded(number);
    if (attempt !== null || signal?.aborted) return;
  }

  /** Waits for an attempt to begin; false if the job has ended without it. */
  async function* untilBegun(number: number): AsyncGenerator<Followed, boolean> {
    const pause = new Pause();
    for (let isFirstLook = true; !signal?.aborted; isFirstLook = false) {
      // In this order: if the job ends and is retried in between, the attempt is seen.
      const job = await readJobById(store, id);
      const log = await store.attempts(id);
      if (log.some((entry) => entry.attempt === number)) {
        if (!isFirstLook || number > first) yield { kind: "begins", attempt: number };
        return true;
      }
      if (isFinal(job.state)) {
        if (attempt !== null) throw new NotFoundError(`Job ${id} ended without attempt ${attempt}`);
        yield { kind: "done", job };
        return false;
      }
      if (isFirstLook) yield { kind: "waiting", job, attempt: number };
      await pause.wait(signal);
    }
    return false;
  }

  async function* untilEnded(number: number): AsyncGenerator<Followed> {
    const output = new AttemptOutput(store, id, number);
    const pause = new Pause();
    while (!signal?.aborted) {
      const entry = (await store.attempts(id)).find((entry) => entry.attempt === number);
      if (entry === undefined) throw new NotFoundError(`Job ${id} was deleted`);
      // The end is stored together with the last of the output, so nothing can come after it.
      const hasEnded = entry.finishedAt !== null;
      const pieces = hasEnded ? output.readToEnd(entry.outputBytes) : output.read();
      for await (const piece of pieces) yield { kind: "output", attempt: number, piece };
      if (hasEnded) {
        yield { kind: "ends", attempt: number };
        return;
      }
      await pause.wait(signal);
    }
  }
}
