/**
 * A job's output as it comes, over all its attempts, one look after the other.
 *
 * @module
 */

import { escapeText } from "../escape.ts";
import { formatElapsed } from "../elapsed.ts";
import type { Attempt, Job } from "../job/job.ts";
import { isFinal } from "../job/state.ts";
import type { Store } from "../store/store.ts";
import { AttemptOutput } from "../attempt_output.ts";
import type { OutputPrinter } from "./output_printer.ts";
import { readJobById } from "../actions/read_job.ts";

/** What is followed, and who hears of it. */
export interface FollowOptions {
  /** The full id. */
  readonly id: string;
  readonly printer: OutputPrinter;
  /** Takes sentences about what goes on; they are escaped. */
  readonly note: (text: string) => Promise<void>;
  readonly now: () => number;
}

/** Follows one job. */
export class JobFollower {
  readonly #store: Store;
  readonly #options: FollowOptions;
  /** The attempt whose output comes next. */
  #next: number;
  /** The attempt that is being printed. */
  #output: AttemptOutput | null = null;

  /** @param from the number of the first attempt to print */
  constructor(store: Store, from: number, options: FollowOptions) {
    this.#store = store;
    this.#next = from;
    this.#options = options;
  }

  /**
   * Prints what is new. If the job that is returned has ended, all of its output is printed.
   *
   * @throws {NotFoundError} if the job was deleted
   */
  async look(): Promise<Job> {
    const { id } = this.#options;
    // In this order: the end is stored together with the last of the output.
    const job = await readJobById(this.#store, id);
    for (const attempt of await this.#store.attempts(id)) {
      if (attempt.attempt >= this.#next) await this.#print(attempt);
    }
    return job;
  }

  async #print(attempt: Attempt): Promise<void> {
    const { id, printer, note } = this.#options;
    const { attempt: number, finishedAt, outputBytes } = attempt;
    if (this.#output === null && number > 1) await note(`Attempt ${number} begins`);
    const output = this.#output ??= new AttemptOutput(this.#store, id, number);
    if (finishedAt === null) return await printer.print(output.read());
    await printer.print(output.readToEnd(outputBytes));
    await printer.end();
    this.#output = null;
    this.#next = number + 1;
    // What is known of the job may be from before the end of this attempt.
    const job = await readJobById(this.#store, id);
    if (!isFinal(job.state)) await note(this.#describeEnd(attempt, job));
  }

  /** An attempt that is not the last one. */
  #describeEnd({ attempt, outcome, error }: Attempt, { state, runAt }: Job): string {
    const { now } = this.#options;
    const how = error === null ? ` was ${outcome?.replaceAll("_", " ")}` : `: ${escapeText(error)}`;
    const isNext = state === "failed" && runAt !== null;
    return `Attempt ${attempt}${how}` +
      (isNext ? `; again in ${formatElapsed(runAt - now())}` : "");
  }
}
