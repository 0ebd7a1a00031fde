/**
 * A queue on which inputs are tried, and the count of what became of them.
 *
 * @module
 */

import { type Ended, Queue, Running } from "../cli/queue.ts";
import { brokenRule, ChangeWatch, type Expected } from "./rules.ts";

/** What became of the inputs. */
export interface Tally {
  inputs: number;
  accepted: number;
  refused: number;
}

/** What one command is given. */
export interface Trial extends Expected {
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** The width of the terminal; without it there is none. */
  readonly columns?: number;
}

/** After so many inputs a world begins anew: what is listed should stay short. */
const MOST_TRIALS = 400;

/** A queue that is made anew from time to time. */
export class World implements AsyncDisposable {
  readonly tally: Tally = { inputs: 0, accepted: 0, refused: 0 };
  readonly #make: () => Promise<Queue>;
  #queue: Queue;
  #watch: ChangeWatch;
  #trials = 0;

  private constructor(make: () => Promise<Queue>, queue: Queue) {
    this.#make = make;
    this.#queue = queue;
    this.#watch = new ChangeWatch(queue);
  }

  static async open(make: () => Promise<Queue> = () => Queue.open()): Promise<World> {
    return new World(make, await make());
  }

  get queue(): Queue {
    return this.#queue;
  }

  /**
   * Runs a command, and holds it to the rules.
   *
   * @throws if it breaks one
   */
  async try(args: readonly string[], trial: Trial = {}): Promise<Ended> {
    const { stdin, columns, ...expected } = trial;
    void this.#watch.changed;
    const ended = await new Running(
      this.#queue,
      columns === undefined ? args : ["--color=never", ...args],
      {
        ...(stdin === undefined ? {} : { stdin }),
        ...(columns === undefined ? {} : { columns }),
      },
    ).ended;
    const broken = brokenRule(ended, { ...expected, given: args }) ??
      (ended.code !== 0 && !expected.each && this.#watch.changed ? "the store was changed" : null);
    if (broken !== null) throw new Error(`${broken}: ${describe(args, trial, ended)}`);
    this.tally.inputs++;
    this.tally[ended.code === 0 ? "accepted" : "refused"]++;
    return ended;
  }

  /** Makes the queue anew if it was used for long. */
  async refresh(): Promise<void> {
    if (++this.#trials % MOST_TRIALS === 0) await this.renew();
  }

  /** Makes the queue anew. */
  async renew(): Promise<void> {
    this.#watch[Symbol.dispose]();
    await this.#queue[Symbol.asyncDispose]();
    this.#queue = await this.#make();
    this.#watch = new ChangeWatch(this.#queue);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watch[Symbol.dispose]();
    await this.#queue[Symbol.asyncDispose]();
  }
}

function describe(args: readonly string[], { stdin }: Trial, ended: Ended): string {
  const shown = (value: unknown) => JSON.stringify(value)?.slice(0, 600);
  const input = stdin === undefined
    ? ""
    : ` < ${shown(typeof stdin === "string" ? stdin : [...stdin])}`;
  return `queuectl ${shown(args)}${input}\n  exit code ${ended.code}\n  stdout ${
    shown(ended.stdout)
  }\n` +
    `  stderr ${shown(ended.stderr)}`;
}
