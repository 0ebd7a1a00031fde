/**
 * How far workers have come, and what that took.
 *
 * @module
 */

import { waitFor } from "../../helpers/wait_for.ts";
import { quantile } from "../quantile.ts";
import type { TableSize } from "./table_size.ts";

/** What some jobs took, and what they have left behind. */
export interface Measured {
  readonly "jobs/s": number;
  /** Microseconds of the server's CPU time; null where that is not known. */
  readonly "server, µs a job": number | null;
  /** Milliseconds. */
  readonly "median tick": number;
  readonly "slowest tick": number;
  /** Of the table of jobs and of its indexes, MB of 10^6 bytes. */
  readonly "table": number;
  readonly "indexes": number;
  readonly "dead rows": number;
}

/** Counts what ticks have settled, since the last time that it was asked. */
export class Progress {
  readonly #serverTime: () => number | null;
  readonly #tableSize: () => Promise<TableSize>;
  #done = 0;
  #ticks: number[] = [];
  #before: { readonly at: number; readonly done: number; readonly cpu: number | null };

  /** @param serverTime milliseconds */
  constructor(serverTime: () => number | null, tableSize: () => Promise<TableSize>) {
    this.#serverTime = serverTime;
    this.#tableSize = tableSize;
    this.#before = this.#now();
  }

  /** A tick has taken so many milliseconds, and settled so many jobs. */
  note(took: number, settled: number): void {
    this.#done += settled;
    this.#ticks.push(took);
  }

  /** Waits until so many jobs are done. */
  async reaches(jobs: number): Promise<void> {
    await waitFor(() => this.#done >= jobs, { timeout: 600_000, interval: 5 });
  }

  /** What was done since the last time. */
  async measured(): Promise<Measured> {
    const [before, now, ticks] = [this.#before, this.#now(), this.#ticks];
    const done = now.done - before.done;
    const { table, indexes, dead } = await this.#tableSize();
    this.#before = this.#now();
    this.#ticks = [];
    return {
      "jobs/s": Math.round(done / (now.at - before.at) * 1000),
      "server, µs a job": now.cpu === null
        ? null
        : Math.round((now.cpu - before.cpu!) * 1000 / done),
      "median tick": rounded(quantile(ticks, 0.5)),
      "slowest tick": rounded(Math.max(...ticks)),
      "table": Math.round(table / 1e6),
      "indexes": Math.round(indexes / 1e6),
      "dead rows": dead,
    };
  }

  #now() {
    return { at: performance.now(), done: this.#done, cpu: this.#serverTime() };
  }
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
