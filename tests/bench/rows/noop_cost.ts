/**
 * What is spent on a durable job that does nothing, and by whom.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { start } from "../../helpers/program.ts";
import { run } from "../../toolchain/command.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { type Command, expectJobs } from "../processes.ts";
import { type Cpu, endedChildren, type Spending, watchSpending } from "../spending.ts";

const JOBS = 5000;
const SLOTS = 4;

function contestant(name: string, command: Command, folder: string): Contestant {
  return {
    name,
    async run() {
      const store = await Deno.makeTempDir({ dir: folder });
      const db = `${store}/queue.db`;
      await run([...command, "--db", db, "enqueue", "--file", `${folder}/jobs.ndjson`]);
      const [program, ...args] = command;
      const before = endedChildren();
      const worker = new Deno.Command(program, {
        args: [...args, "--db", db, "worker", "start", "--count", `${SLOTS}`, "--drain"],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      }).spawn();
      const spent = await watchSpending(worker.pid, worker.status);
      const after = endedChildren();
      await expectJobs(command, { db, state: "completed", count: JOBS });
      return perJob(spent, {
        all: { user: after.user - before.user, system: after.system - before.system },
        ticks: countTicks(db),
      });
    },
  };
}

/** Ticks that claimed something: what one of them claims has begun at one moment. */
function countTicks(db: string): number {
  using connection = new DatabaseSync(db, { readOnly: true });
  return Number(
    connection.prepare("SELECT count(DISTINCT started_at) AS ticks FROM attempt").get()!.ticks,
  );
}

function perJob(
  { own, threads, children, counts }: Spending,
  { all, ticks }: { readonly all: Cpu; readonly ticks: number },
): Record<string, number> {
  const figures: Record<string, number> = {};
  const add = (what: string, { user, system }: Cpu) => {
    figures[`${what}: user µs`] = user / JOBS;
    figures[`${what}: system µs`] = system / JOBS;
  };
  add("everything", all);
  for (const [role, cpu] of threads) add(role, cpu);
  add("launchers", children);
  add("commands", {
    user: all.user - own.user - children.user,
    system: all.system - own.system - children.system,
  });
  figures["ticks that claim"] = ticks / JOBS;
  figures["bytes written"] = (counts.wchar ?? 0) / JOBS;
  figures["bytes read"] = (counts.rchar ?? 0) / JOBS;
  figures["calls that write"] = (counts.syscw ?? 0) / JOBS;
  figures["calls that read"] = (counts.syscr ?? 0) / JOBS;
  figures["context switches"] = (counts.switches ?? 0) / JOBS;
  return figures;
}

/** Where the time of `noop-jobs` goes. There is no target: it is for whoever makes it faster. */
export const noopCost: Benchmark = {
  name: "noop-cost",
  title:
    `What a job that runs \`true\` costs, ${SLOTS} at a time, start and end of the worker included`,
  unit: "per job",
  targets: [],
  repeats: 3,
  warmUp: false,
  async prepare(folder) {
    const { command } = await start("source");
    await Deno.writeTextFile(`${folder}/jobs.ndjson`, '{"command":"true"}\n'.repeat(JOBS));
    return [contestant("queuectl", command, folder)];
  },
};
