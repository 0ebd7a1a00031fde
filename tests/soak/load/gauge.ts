/**
 * What a worker and its store take up, sampled while it works.
 *
 * @module
 */

import { GUARD_NAME } from "../../../src/worker/guard.ts";
import { listProcesses } from "../../../src/worker/host.ts";
import type { Stage } from "../../flows/stage.ts";
import type { Ledger } from "../kills/ledger.ts";

/** What was seen at one moment. */
export interface Sample {
  /** Jobs that had ended. */
  readonly done: number;
  /** Resident memory, MB. */
  readonly memory: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Processes that it has started, but the shell that ends its jobs if it dies: one, where machines share a store. */
  readonly children: number;
  /** The size of the write-ahead log, MB; 0 where it is a server's. */
  readonly wal: number;
}

/** Looks at one worker, and at its store, on which somebody else holds an idle connection. */
export class Gauge {
  readonly #stage: Stage;
  readonly #ledger: Ledger;
  readonly #pid: number;
  readonly samples: Sample[] = [];

  constructor(stage: Stage, ledger: Ledger, pid: number) {
    this.#stage = stage;
    this.#ledger = ledger;
    this.#pid = pid;
  }

  /** Takes a sample, and keeps it. */
  async look(): Promise<Sample> {
    const status = Deno.readTextFileSync(`/proc/${this.#pid}/status`);
    const field = (name: string) =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
    const sample = {
      done: await this.#ledger.count("SELECT sum(jobs) FROM counter WHERE state = 'completed'"),
      memory: field("VmRSS") / 1024,
      descriptors: [...Deno.readDirSync(`/proc/${this.#pid}/fd`)].length,
      threads: field("Threads"),
      children: this.#children().length,
      wal: this.#stage.logSize() / 2 ** 20,
    };
    this.samples.push(sample);
    return sample;
  }

  #children(): number[] {
    const all = [...listProcesses().values()];
    return all.filter(({ parent, alive }) => alive && parent === this.#pid).map(({ pid }) => pid)
      .filter((pid) => !isGuard(pid));
  }

  /** The most of something in all samples. */
  most(what: keyof Sample): number {
    return Math.max(...this.samples.map((sample) => sample[what]));
  }

  /** The median of something while the jobs from `from` to `to` ran. */
  median(what: keyof Sample, from: number, to: number): number {
    const within = this.samples.filter(({ done }) => done >= from && done < to);
    return median(within.map((sample) => sample[what]));
  }
}

function isGuard(pid: number): boolean {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/cmdline`).split("\0").includes(GUARD_NAME);
  } catch {
    // It has ended in the meantime.
    return false;
  }
}

/** The middle one; not a number if there is none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
