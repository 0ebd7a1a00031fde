/**
 * `deno task bench [--only NAME] [--repeats N] [--json]`: measures queuectl against its targets.
 *
 * It ends with 1 if something could not be measured. A target that was missed is shown and is no
 * failure: figures depend on the machine and on what else runs there.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Benchmark, measure, type Result } from "./benchmark.ts";
import { report } from "./report.ts";
import { bulkEnqueue } from "./rows/bulk_enqueue.ts";
import { enqueueOne } from "./rows/enqueue_one.ts";
import { noopJobs } from "./rows/noop_jobs.ts";

const BENCHMARKS: readonly Benchmark[] = [noopJobs, enqueueOne, bulkEnqueue];

async function main(): Promise<void> {
  const { values: { only, repeats, json } } = parseArgs({
    args: Deno.args,
    options: {
      only: { type: "string", multiple: true, default: BENCHMARKS.map(({ name }) => name) },
      repeats: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
    },
  });
  const unknown = only.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) {
    const names = BENCHMARKS.map(({ name }) => name).join(", ");
    throw new Error(`There is no benchmark ${unknown}; there are: ${names}`);
  }
  if (!/^[1-9]\d*$/.test(repeats)) throw new Error("--repeats takes a whole number from 1 on");

  const results: Result[] = [];
  for (const benchmark of BENCHMARKS.filter(({ name }) => only.includes(name))) {
    const folder = await Deno.makeTempDir({ prefix: "queuectl-bench-" });
    try {
      const progress = (sentence: string) => console.error(sentence);
      const result = await measure(benchmark, { repeats: Number(repeats), folder, progress });
      results.push(result);
      if (!json) console.log(`\n${report(result)}`);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  if (json) console.log(JSON.stringify({ deno: Deno.version.deno, results }, null, 2));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
