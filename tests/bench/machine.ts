/**
 * What the figures were measured on.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { run } from "../toolchain/command.ts";

/** A machine and its software, as far as they matter to the figures. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** Its name and release. */
  readonly kernel: string;
  readonly deno: string;
  readonly sqlite: string;
  /** The kind of file system in which the stores were. */
  readonly fileSystem: string;
  /** Processes that ran or waited to run in the minute before: more than a tenth is too much. */
  readonly load: number;
  /** RFC 3339. */
  readonly date: string;
}

/** This machine, now. */
export async function thisMachine(): Promise<Machine> {
  const folder = await Deno.makeTempDir({ prefix: "queuectl-bench-" });
  try {
    return {
      cpu: /^model name\s*: (.+)$/m.exec(await textOf("/proc/cpuinfo"))?.[1] ?? Deno.build.arch,
      cores: navigator.hardwareConcurrency,
      memory: Deno.systemMemoryInfo().total,
      kernel: `${Deno.build.os} ${Deno.osRelease()}`,
      deno: Deno.version.deno,
      sqlite: sqliteVersion(),
      fileSystem: (await run(["stat", "-f", "-c", "%T", folder]).catch(() => "unknown")).trim(),
      load: Deno.loadavg()[0] ?? NaN,
      date: new Date().toISOString(),
    };
  } finally {
    await Deno.remove(folder);
  }
}

/** The machine in one sentence. */
export function describeMachine(machine: Machine): string {
  const { cpu, cores, memory, kernel, deno, sqlite, fileSystem, load, date } = machine;
  const gigabytes = Math.round(memory / 2 ** 30);
  return `${
    date.slice(0, 10)
  }, ${cpu}, ${cores} cores, ${gigabytes} GB, ${kernel}, ${fileSystem}, ` +
    `Deno ${deno}, SQLite ${sqlite}, load before it ${load.toFixed(1)}`;
}

function sqliteVersion(): string {
  using connection = new DatabaseSync(":memory:");
  return `${connection.prepare("SELECT sqlite_version() AS version").get()!.version}`;
}

/** Empty where there is no such file. */
async function textOf(path: string): Promise<string> {
  return await Deno.readTextFile(path).catch(() => "");
}
