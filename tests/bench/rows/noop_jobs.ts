/**
 * How many durable jobs that do nothing run in a second.
 *
 * @module
 */

import { start } from "../../helpers/program.ts";
import { run } from "../../toolchain/command.ts";
import type { Benchmark, Contestant } from "../benchmark.ts";
import { type Command, expectJobs, isInstalled, time } from "../processes.ts";

const JOBS = 5000;
/** Those that are slow get fewer, and so take about as long. */
const JOBS_OF_THE_SLOW = 500;
const SLOTS = 4;

const perSecond = (jobs: number, milliseconds: number): number => jobs / milliseconds * 1000;

async function worker(name: string, command: Command, folder: string): Promise<Contestant> {
  const jobs = `${folder}/jobs.ndjson`;
  await Deno.writeTextFile(jobs, '{"command":"true"}\n'.repeat(JOBS));
  return {
    name,
    async run() {
      const store = await Deno.makeTempDir({ dir: folder });
      const db = `${store}/queue.db`;
      await run([...command, "--db", db, "enqueue", "--file", jobs]);
      const args = ["worker", "start", "--count", `${SLOTS}`, "--drain"];
      const milliseconds = await time([...command, "--db", db, ...args]);
      await expectJobs(command, { db, state: "completed", count: JOBS });
      return perSecond(JOBS, milliseconds);
    },
  };
}

/** No queue at all: what Deno itself makes of it. The floor for whoever starts a process a job by it. */
const denoCommand: Contestant = {
  name: "Deno.Command",
  async run() {
    let left = JOBS;
    const begin = performance.now();
    await Promise.all(Array.from({ length: SLOTS }, async () => {
      while (left-- > 0) await new Deno.Command("/bin/sh", { args: ["-c", "true"] }).output();
    }));
    return perSecond(JOBS, performance.now() - begin);
  },
};

/** A shell script that runs so many jobs, its own queue in the folder `$0`. */
function script(name: string, jobs: number, text: string): (folder: string) => Contestant {
  return (folder) => ({
    name,
    async run() {
      const own = await Deno.makeTempDir({ dir: folder });
      return perSecond(jobs, await time(["/bin/sh", "-c", text, own], { cwd: own }));
    },
  });
}

const xargs = script(
  `xargs -P ${SLOTS}`,
  JOBS,
  `seq ${JOBS} | xargs -P ${SLOTS} -n 1 sh -c true`,
);

const others: Readonly<Record<string, (folder: string) => Contestant>> = {
  parallel: script(
    "GNU parallel",
    JOBS_OF_THE_SLOW,
    `seq ${JOBS_OF_THE_SLOW} | parallel --will-cite -j ${SLOTS} -n 0 true`,
  ),
  tsp: script(
    "task-spooler",
    JOBS_OF_THE_SLOW,
    `export TMPDIR="$0" TS_SOCKET="$0/socket" TS_SLOTS=${SLOTS}
    set -e
    for _ in $(seq ${JOBS_OF_THE_SLOW}); do tsp true >ids; done
    while tsp | grep -qE 'queued|running'; do tsp -w; done
    tsp -K`,
  ),
  nq: script(
    "nq (one at a time)",
    JOBS_OF_THE_SLOW,
    `set -e
    for _ in $(seq ${JOBS_OF_THE_SLOW}); do nq true >ids; done
    nq -w`,
  ),
};

/** Durable jobs per second, whole processes, against those that keep nothing and those that do. */
export const noopJobs: Benchmark = {
  name: "noop-jobs",
  title: `Running \`true\` as a job, ${SLOTS} at a time, whole process of \`worker start --drain\``,
  unit: "jobs/s",
  targets: [
    { of: "queuectl", against: "xargs -P 4", atLeast: 0.7 },
    { of: "queuectl, executable", against: "xargs -P 4", atLeast: 0.7 },
    { of: "queuectl", against: "GNU parallel", atLeast: 4 },
    { of: "queuectl", against: "task-spooler", atLeast: 1.5 },
  ],
  repeats: 3,
  async prepare(folder) {
    const [source, executable] = await Promise.all([start("source"), start("executable")]);
    const contestants = [
      xargs(folder),
      denoCommand,
      await worker("queuectl", source.command, folder),
      await worker("queuectl, executable", executable.command, folder),
    ];
    for (const [name, make] of Object.entries(others)) {
      if (await isInstalled(name)) contestants.push(make(folder));
    }
    return contestants;
  },
};
