/**
 * Follows the output of a job while it runs.
 *
 * @module
 */

import { NotFoundError } from "../errors.ts";
import { isFinal } from "../job/state.ts";
import type { Store } from "../store/store.ts";
import { AttemptOutput } from "./attempt_output.ts";
import type { Context } from "./context.ts";
import { describeJob } from "./job_view.ts";
import type { OutputPrinter } from "./output_printer.ts";
import { Pause } from "./pause.ts";
import { readJobById } from "./read_job.ts";

/** What is followed. */
export interface FollowRequest {
  /** The full id. */
  readonly id: string;
  /** One attempt alone; null is the latest one and all after it. */
  readonly attempt: number | null;
  readonly printer: OutputPrinter;
}

/**
 * Prints the output of a job as it comes, until the job, or the one attempt, has ended; says on stderr
 * what goes on in between.
 *
 * @throws {NotFoundError} if the job is deleted, or ends without the attempt that was asked for
 */
export async function followOutput(
  store: Store,
  { id, attempt, printer }: FollowRequest,
  context: Context,
): Promise<void> {
  const first = attempt ?? (await store.attempts(id)).at(-1)?.attempt ?? 1;
  for (let number = first; await hasBegun(number); number++) {
    await printToEnd(number);
    if (attempt !== null) return;
  }

  /** Waits for an attempt to begin; false if the job has ended without it. */
  async function hasBegun(number: number): Promise<boolean> {
    const { stderr, now } = context;
    const pause = new Pause();
    for (let isFirstLook = true;; isFirstLook = false) {
      // In this order: if the job ends and is retried in between, the attempt is seen.
      const job = await readJobById(store, id);
      const log = await store.attempts(id);
      if (log.some((entry) => entry.attempt === number)) {
        if (!isFirstLook || number > first) await stderr.line(`Attempt ${number} begins`);
        return true;
      }
      if (isFinal(job.state)) {
        if (attempt !== null) throw new NotFoundError(`Job ${id} ended without attempt ${attempt}`);
        await stderr.line(describeJob(job, now()));
        return false;
      }
      if (isFirstLook) {
        await stderr.line(`${describeJob(job, now())}; waiting for attempt ${number}`);
      }
      await pause.wait();
    }
  }

  async function printToEnd(number: number): Promise<void> {
    const output = new AttemptOutput(store, id, number);
    const pause = new Pause();
    while (true) {
      const entry = (await store.attempts(id)).find((entry) => entry.attempt === number);
      if (entry === undefined) throw new NotFoundError(`Job ${id} was deleted`);
      // The end is stored together with the last of the output, so nothing can come after it.
      const hasEnded = entry.finishedAt !== null;
      await printer.print(hasEnded ? output.readToEnd(entry.outputBytes) : output.read());
      if (hasEnded) return await printer.end();
      await pause.wait();
    }
  }
}
