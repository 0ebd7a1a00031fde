/**
 * `deno task bench [--only NAME] [--repeats N] [--json] [--chart SVG]`: measures queuectl against its
 * targets. `--from FILE` takes what an earlier `--json` has printed instead of measuring; with `--readme`
 * the figures are written into the README, so that nobody types them.
 *
 * It ends with 1 if something could not be measured. A target that was missed is shown and is no
 * failure: figures depend on the machine and on what else runs there.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { type Benchmark, measure, type Result } from "./benchmark.ts";
import { REPOSITORY } from "../toolchain/folders.ts";
import { fillBlocks } from "../toolchain/readme_blocks.ts";
import { chart } from "./chart.ts";
import { figuresTable, type Run } from "./figures.ts";
import { describeMachine, thisMachine } from "./machine.ts";
import { report, summary } from "./report.ts";
import { bulkEnqueue, bulkEnqueueMany } from "./rows/bulk_enqueue.ts";
import { claimSettle } from "./rows/claim_settle.ts";
import { dashboard } from "./rows/dashboard.ts";
import { enqueueOne } from "./rows/enqueue_one.ts";
import { fileSize } from "./rows/file_size.ts";
import { growth } from "./rows/growth.ts";
import { idle } from "./rows/idle.ts";
import { latency } from "./rows/latency.ts";
import { manyWorkers } from "./rows/many_workers.ts";
import { memory } from "./rows/memory.ts";
import { noopCost } from "./rows/noop_cost.ts";
import { noopJobs } from "./rows/noop_jobs.ts";
import { page } from "./rows/page.ts";
import { postgres } from "./rows/postgres.ts";
import { prune } from "./rows/prune.ts";
import { watched } from "./rows/watched.ts";

/** What the block of the README says that it is written by. */
const README_TASK = "deno task bench --from FILE --readme";

const BENCHMARKS: readonly Benchmark[] = [
  noopJobs,
  noopCost,
  claimSettle,
  postgres,
  enqueueOne,
  bulkEnqueue,
  bulkEnqueueMany,
  latency,
  manyWorkers,
  growth,
  prune,
  dashboard,
  page,
  watched,
  fileSize,
  idle,
  memory,
];

async function main(): Promise<void> {
  const { values: { from, json, chart: picture, readme, only, repeats } } = parseArgs({
    args: Deno.args,
    options: {
      only: { type: "string", multiple: true, default: BENCHMARKS.map(({ name }) => name) },
      repeats: { type: "string" },
      json: { type: "boolean", default: false },
      from: { type: "string" },
      chart: { type: "string" },
      readme: { type: "boolean", default: false },
    },
  });
  const unknown = only.find((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name));
  if (unknown !== undefined) {
    const names = BENCHMARKS.map(({ name }) => name).join(", ");
    throw new Error(`There is no benchmark ${unknown}; there are: ${names}`);
  }
  if (repeats !== undefined && !/^[1-9]\d*$/.test(repeats)) {
    throw new Error("--repeats takes a whole number from 1 on");
  }
  const turns = repeats === undefined ? undefined : Number(repeats);
  const show = (result: Result) => {
    if (!json) console.log(`\n${report(result)}`);
  };

  const run: Run = from === undefined
    ? { machine: await thisMachine(), results: await measureAll(only, turns, show) }
    : await readRun(from, only);
  if (from !== undefined) run.results.forEach(show);
  if (json) console.log(JSON.stringify(run, null, 2));
  else console.log(`\n${summary(run.results)}\n\n${describeMachine(run.machine)}`);
  if (picture !== undefined) await Deno.writeTextFile(picture, throughputChart(run));
  if (readme) await writeReadme(run);
}

/** What an earlier `--json` has printed, as far as it is asked for. */
async function readRun(path: string, only: readonly string[]): Promise<Run> {
  const run: Partial<Run> = JSON.parse(await Deno.readTextFile(path));
  const { machine, results } = run;
  if (!machine || !results) throw new Error(`${path} does not hold what --json prints`);
  return { machine, results: results.filter(({ name }) => only.includes(name)) };
}

async function measureAll(
  only: readonly string[],
  repeats: number | undefined,
  show: (result: Result) => void,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const benchmark of BENCHMARKS.filter(({ name }) => only.includes(name))) {
    const folder = await Deno.makeTempDir({ prefix: "queuectl-bench-" });
    try {
      const progress = (sentence: string) => console.error(sentence);
      const result = await measure(benchmark, { repeats, folder, progress });
      results.push(result);
      show(result);
    } catch (error) {
      // The others took minutes: they are shown all the same.
      console.error(`${benchmark.name}: ${error instanceof Error ? error.message : error}`);
      Deno.exitCode = 1;
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }
  return results;
}

function throughputChart({ results }: Run): string {
  const result = results.find(({ name }) => name === noopJobs.name);
  if (result === undefined) throw new Error(`The chart is of ${noopJobs.name}: measure that, too`);
  return chart(result, {
    title: "Jobs that do nothing, per second, 4 at a time",
    note:
      "xargs, Deno.Command and parallel have no queue; task-spooler has one in memory, nq in files",
    unit: "/s",
    isOwn: (name) => name.startsWith("queuectl"),
  });
}

async function writeReadme(run: Run): Promise<void> {
  const path = `${REPOSITORY}README.md`;
  const blocks = new Map([["figures", figuresTable(run)]]);
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, fillBlocks(text, blocks, README_TASK));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
