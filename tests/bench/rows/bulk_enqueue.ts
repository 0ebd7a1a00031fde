/**
 * How many jobs a second `enqueue` takes from a file.
 *
 * @module
 */

import { start, type Via } from "../../helpers/program.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { expectJobs, time } from "../processes.ts";

const JOBS = 100_000;

async function contestant(name: string, via: Via, folder: string): Promise<Contestant> {
  const { command } = await start(via);
  return {
    name,
    async run() {
      const store = await Deno.makeTempDir({ dir: folder });
      const db = `${store}/queue.db`;
      const file = `${folder}/jobs.ndjson`;
      const milliseconds = await time([...command, "--db", db, "enqueue", "--file", file]);
      await expectJobs(command, { db, state: "pending", count: JOBS });
      await Deno.remove(store, { recursive: true });
      return JOBS / milliseconds * 1000;
    },
  };
}

/** The whole process of `enqueue --file` with NDJSON. */
export const bulkEnqueue: Benchmark = {
  name: "bulk-enqueue",
  title: `\`enqueue --file\` of ${JOBS.toLocaleString("en-GB")} lines of NDJSON, whole process`,
  unit: "jobs/s",
  targets: [
    { of: "from source", atLeast: 60_000 },
    { of: "executable", atLeast: 60_000 },
  ],
  async prepare(folder) {
    const line = (n: number) => `{"id":"job-${n}","command":"echo ${n}"}\n`;
    const text = Array.from({ length: JOBS }, (_, n) => line(n)).join("");
    await Deno.writeTextFile(`${folder}/jobs.ndjson`, text);
    return [
      await contestant("from source", "source", folder),
      await contestant("executable", "executable", folder),
    ];
  },
};
