/**
 * Workers that run while something else is measured.
 *
 * @module
 */

import { waitFor } from "../helpers/wait_for.ts";
import type { Store } from "../../src/store/store.ts";
import type { Command } from "./processes.ts";

/** Milliseconds in which a worker must be there, and in which it must be gone. */
const PATIENCE = 30_000;

/** A worker process; it is killed with what it runs when it is disposed of and still there. */
export class WorkerProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
  }

  /**
   * Starts workers, and waits until all have joined.
   *
   * @param args of `worker start`
   */
  static async start(
    store: Store,
    { queuectl: [program, ...words], args, count = 1 }: {
      readonly queuectl: Command;
      readonly args: readonly string[];
      readonly count?: number;
    },
  ): Promise<WorkerProcess[]> {
    const workers = Array.from({ length: count }, () =>
      new WorkerProcess(
        new Deno.Command(program, {
          args: [...words, "--db", store.address, "worker", "start", ...args],
          stdin: "null",
          stdout: "null",
          stderr: "null",
        }).spawn(),
      ));
    await waitFor(async () => (await store.workers()).length >= count, {
      timeout: PATIENCE,
      message: `${count} workers`,
    });
    return workers;
  }

  /** Hands back what it runs, and ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    // The first signal lets it finish its jobs, the second hands them back.
    for (const _ of [1, 2]) this.#kill("SIGTERM");
    const timer = setTimeout(() => this.#kill("SIGKILL"), PATIENCE);
    await this.#process.status;
    clearTimeout(timer);
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#process.kill(signal);
    } catch {
      // It has ended.
    }
  }
}
