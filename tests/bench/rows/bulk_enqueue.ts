/**
 * How many jobs a second `enqueue` takes from a file, and how much memory it needs for them.
 *
 * @module
 */

import { start, type Via } from "../../helpers/program.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { expectJobs, timeAndPeak } from "../processes.ts";

const JOBS = 100_000;
const MANY_JOBS = 1_000_000;

async function contestant(
  { name, via, jobs, folder }: {
    readonly name: string;
    readonly via: Via;
    readonly jobs: number;
    readonly folder: string;
  },
): Promise<Contestant> {
  const { command } = await start(via);
  const file = `${folder}/${jobs}.ndjson`;
  await Deno.writeTextFile(file, linesOf(jobs));
  return {
    name,
    async run() {
      const store = await Deno.makeTempDir({ dir: folder });
      const db = `${store}/queue.db`;
      const { milliseconds, peak } = await timeAndPeak([
        ...command,
        ...["--db", db, "enqueue", "--file", file],
      ]);
      await expectJobs(command, { db, state: "pending", count: jobs });
      await Deno.remove(store, { recursive: true });
      return { "jobs/s": jobs / milliseconds * 1000, "peak MB": peak / 2 ** 20 };
    },
  };
}

function linesOf(jobs: number): ReadableStream<string> {
  let n = 0;
  return new ReadableStream({
    pull(controller) {
      let text = "";
      for (const end = Math.min(n + 10_000, jobs); n < end; n++) {
        text += `{"id":"job-${n}","command":"echo ${n}"}\n`;
      }
      controller.enqueue(text);
      if (n === jobs) controller.close();
    },
  });
}

/** The whole process of `enqueue --file` with NDJSON. */
export const bulkEnqueue: Benchmark = {
  name: "bulk-enqueue",
  title: `\`enqueue --file\` of ${JOBS.toLocaleString("en-GB")} lines of NDJSON, whole process`,
  unit: "",
  targets: [
    { of: "from source, jobs/s", atLeast: 60_000 },
    { of: "executable, jobs/s", atLeast: 60_000 },
    { of: "from source, peak MB", atMost: 300 },
  ],
  repeats: 3,
  prepare: (folder) =>
    Promise.all([
      contestant({ name: "from source", via: "source", jobs: JOBS, folder }),
      contestant({ name: "executable", via: "executable", jobs: JOBS, folder }),
    ]),
};

/** The same, ten times as long: what is needed for more than that is the ids, 40 to 100 bytes each. */
export const bulkEnqueueMany: Benchmark = {
  ...bulkEnqueue,
  name: "bulk-enqueue-many",
  title: `The same with ${MANY_JOBS.toLocaleString("en-GB")} lines`,
  targets: [
    { of: "from source, jobs/s", atLeast: 40_000 },
    { of: "from source, peak MB", atMost: 650 },
  ],
  repeats: 1,
  warmUp: false,
  prepare: async (folder) => [
    await contestant({ name: "from source", via: "source", jobs: MANY_JOBS, folder }),
  ],
};
