/**
 * What `run` does after its job is enqueued.
 *
 * @module
 */

import { resolveConfig } from "../config.ts";
import { ConflictError, WaitTimeoutError } from "../errors.ts";
import { formatDuration } from "../job/duration.ts";
import type { Job } from "../job/job.ts";
import { jobToJson } from "../job/json.ts";
import { isFinal } from "../job/state.ts";
import type { CancelResult, Enqueued, Store } from "../store/store.ts";
import type { Context } from "./context.ts";
import type { Interruption } from "./interruption.ts";
import { exitCodeOfJobs } from "./job_exit_code.ts";
import { JobFollower } from "./job_follower.ts";
import { describeJob } from "./job_view.ts";
import { JsonLinesPrinter, StreamsPrinter } from "./output_printer.ts";
import { Pause } from "../pause.ts";
import { WorkerWatch } from "./worker_watch.ts";

/** A job that was enqueued to be followed. */
export interface RunRequest {
  readonly enqueued: Enqueued;
  /** Milliseconds; Infinity is as long as it takes. */
  readonly waitTimeout: number;
  readonly interruption: Interruption;
}

/**
 * Shows the output of a job until it has ended.
 *
 * @returns the exit code: that of the job, or of the signal that interrupted
 * @throws {WaitTimeoutError} if it has not ended in time
 * @throws {NotFoundError} if it was deleted
 */
export async function followToEnd(
  store: Store,
  request: RunRequest,
  context: Context,
): Promise<number> {
  const { enqueued: { id, isNew }, waitTimeout, interruption } = request;
  const { stdout, json, now } = context;
  const deadline = performance.now() + waitTimeout;
  const printer = json
    ? new JsonLinesPrinter(context, { stream: null, timestamps: false })
    : new StreamsPrinter(context);
  const note = async (text: string) => {
    if (printer instanceof StreamsPrinter) await printer.note(text);
  };
  const first = isNew ? 1 : (await store.attempts(id)).at(-1)?.attempt ?? 1;
  const follower = new JobFollower(store, first, { id, printer, note, now });
  // Also while a write waits for a reader who does not read.
  using cancel = new CancelOnSignal(store, id, isNew ? interruption.signal : null);
  interruption.insisted.addEventListener("abort", () => stdout.abandon());
  const { lease } = resolveConfig(await store.settings());
  const watch = new WorkerWatch(lease);
  const pause = new Pause();
  let wasAsked = false;

  while (true) {
    const job = await follower.look();
    const { code } = interruption;
    if (isFinal(job.state)) return await finish(job, code);
    if (code === null) {
      if (performance.now() >= deadline) return await timeOut(job);
      await pause.wait(interruption.signal);
      continue;
    }
    if (!isNew) return await leave(job, code, "it goes on");
    if (interruption.insisted.aborted) return await leave(job, code, "it was asked to end");
    if (!wasAsked) {
      wasAsked = true;
      if (await cancel.result === "requested") {
        await note(`Cancelling job ${id}; once more to leave at once`);
      }
      continue;
    }
    if (!watch.anyLives(await store.workers(), performance.now())) {
      return await leave(job, code, "it will be cancelled when a worker is there to end it");
    }
    await pause.wait(interruption.insisted);
  }

  async function finish(job: Job, code: number | null): Promise<number> {
    if (json) await stdout.jsonLine(jobToJson(job));
    else if (job.state !== "completed") await note(describeJob(job, now()));
    return code ?? exitCodeOfJobs([job]);
  }

  async function leave(job: Job, code: number, how: string): Promise<number> {
    if (json) await stdout.jsonLine(jobToJson(job));
    await note(`Interrupted; job ${id} is ${job.state}, ${how}`);
    return code;
  }

  async function timeOut(job: Job): Promise<never> {
    if (json) await stdout.jsonLine(jobToJson(job));
    throw new WaitTimeoutError(
      `Job ${id} has not ended within ${
        formatDuration(waitTimeout)
      }: it is ${job.state} and goes on; ` +
        `to follow it: queuectl logs -f ${id}`,
    );
  }
}

/** Cancels a job as soon as a signal comes. */
class CancelOnSignal implements Disposable {
  readonly #signal: AbortSignal | null;
  readonly #listener: () => void;
  #result: Promise<CancelResult | null> = Promise.resolve(null);

  /** @param signal null: the job is somebody else's */
  constructor(store: Store, id: string, signal: AbortSignal | null) {
    this.#signal = signal;
    this.#listener = () => {
      this.#result = store.cancel(id).catch((error) => {
        // It has ended meanwhile.
        if (error instanceof ConflictError) return null;
        throw error;
      });
      this.#result.catch(() => {});
    };
    if (signal?.aborted) this.#listener();
    signal?.addEventListener("abort", this.#listener);
  }

  /** What the cancel did; null if nothing. Fails as `cancel` of the store does. */
  get result(): Promise<CancelResult | null> {
    return this.#result;
  }

  [Symbol.dispose](): void {
    this.#signal?.removeEventListener("abort", this.#listener);
  }
}
