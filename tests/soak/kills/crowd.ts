/**
 * Workers that are started again whenever they have ended.
 *
 * @module
 */

import { isAlive, processInfo, processRef, signal } from "../../../src/worker/host.ts";
import type { ProcessRef } from "../../../src/worker/protocol.ts";
import type { Stage } from "../../flows/stage.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { Random } from "../random.ts";

/** Nothing runs any more when they are asked to end; milliseconds. */
const CLOSE_PATIENCE = 30_000;

/** A place for a worker, which has one most of the time. */
interface Place {
  worker: ProcessRef | null;
}

/** So many workers, in the foreground and detached. */
export class Crowd implements AsyncDisposable {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #places: readonly Place[];
  readonly #kept: Promise<void>[] = [];
  #isClosing = false;
  #pause: PromiseWithResolvers<void> | null = null;
  /** How many were started. */
  started = 0;
  /** How often `worker start --detach` did not bring a worker. */
  failures = 0;
  /** Ends of attempts that came too late and changed nothing, as workers in the foreground said. */
  lateEnds = 0;
  /** What went wrong with workers that nobody had killed. */
  readonly faults: string[] = [];

  constructor(stage: Stage, random: Random, size: number) {
    this.#stage = stage;
    this.#random = random;
    this.#places = Array.from({ length: size }, () => ({ worker: null }));
    for (const place of this.#places) this.#kept.push(this.#keep(place));
  }

  /** The processes that live, some of them not ready yet. */
  get workers(): ProcessRef[] {
    return this.#places.flatMap(({ worker }) => worker !== null && isAlive(worker) ? [worker] : []);
  }

  /** One that lives; waited for if there is none. */
  async any(): Promise<ProcessRef> {
    return await waitFor(() => this.#random.pick(this.workers), {
      timeout: 60_000,
      message: () => `a worker: ${this.faults.join("\n")}`,
    });
  }

  /** Until the result is disposed of, no worker is started. */
  pause(): Disposable {
    const pause = this.#pause = Promise.withResolvers<void>();
    return {
      [Symbol.dispose]: () => {
        this.#pause = null;
        pause.resolve();
      },
    };
  }

  /**
   * Asks each to end, once; starts no more; when all have ended, by force if need be, a last one buries
   * whoever was lost a moment before.
   */
  async close(): Promise<void> {
    const asked = new Set<number>();
    const deadline = performance.now() + CLOSE_PATIENCE;
    await this.#endAll((worker) => {
      const isLate = performance.now() > deadline;
      if (isLate) this.faults.push(`The worker ${worker.pid} did not end when it was asked to`);
      if (isLate || !asked.has(worker.pid)) signal(worker, isLate ? "SIGKILL" : "SIGTERM");
      asked.add(worker.pid);
    });
    const { code, stderr } = await this.#stage.run(["worker", "start", "--drain"]);
    if (code !== 0) this.faults.push(`The last worker ended with ${code}: ${stderr}`);
  }

  /** Kills all that are left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endAll((worker) => signal(worker, "SIGKILL"));
  }

  async #endAll(end: (worker: ProcessRef) => void): Promise<void> {
    this.#isClosing = true;
    let isOver = false;
    const over = Promise.all(this.#kept).then(() => isOver = true);
    while (!isOver) {
      for (const worker of this.workers) end(worker);
      // A detached one may still be on its way.
      await Promise.race([over, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
  }

  async #keep(place: Place): Promise<void> {
    while (!this.#isClosing) {
      await this.#pause?.promise;
      this.started++;
      const count = String(this.#random.between(1, 4));
      try {
        if (this.#random.chance(0.3)) await this.#detached(place, count);
        else await this.#foreground(place, count);
      } catch (error) {
        this.faults.push(String(error));
      }
      place.worker = null;
    }
  }

  async #foreground(place: Place, count: string): Promise<void> {
    const program = await this.#stage.spawn(["worker", "start", "--count", count]);
    place.worker = processRef(program.pid);
    const { code, signal, stderr } = await program.ended(3_600_000);
    this.lateEnds += stderr.split("after its job had moved on").length - 1;
    // Before it listens to signals it ends by them.
    if (code !== 0 && signal === null) {
      this.faults.push(`A worker ended by itself with ${code}: ${stderr.slice(-500)}`);
    }
  }

  async #detached(place: Place, count: string): Promise<void> {
    const args = ["worker", "start", "--detach", "--count", count, "--json"];
    const { code, stdout } = await this.#stage.run(args);
    // It was killed, or its worker was.
    if (code !== 0) return void this.failures++;
    const { pid } = JSON.parse(stdout) as { pid: number };
    const info = processInfo(pid);
    if (info === null || !info.alive) return;
    place.worker = { pid, startTime: info.startTime };
    await waitFor(() => !isAlive(place.worker!), { timeout: 3_600_000, interval: 50 });
  }
}
