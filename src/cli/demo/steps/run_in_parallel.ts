/**
 * Many jobs, several workers.
 *
 * @module
 */

import type { JobJson } from "../../../job/json.ts";
import { completedJobs } from "../jobs.ts";
import type { Step } from "../step.ts";

const IDS = Array.from({ length: 12 }, (_, index) => `p${String(index + 1).padStart(2, "0")}`);
const WORKERS = 3;

/** Each line is one append, which the system does not mix with others. */
const COMMAND = 'echo "begin $QUEUECTL_JOB_ID" >> visits; sleep 0.5; ' +
  'echo "end $QUEUECTL_JOB_ID" >> visits';

/** Shows workers that share a store. */
export const RUN_IN_PARALLEL: Step = {
  name: "parallel",
  title: "Share the work among several workers",
  async play(stage) {
    await stage.say(
      `${WORKERS} workers in the background with 2 slots each, and ${IDS.length} jobs of half a second.`,
    );
    for (let worker = 0; worker < WORKERS; worker++) {
      await stage.queuectl(["worker", "start", "--count", "2", "--detach"], { head: 1, tail: 0 });
    }
    const text = IDS.map((id) => `${JSON.stringify({ id, command: COMMAND })}\n`).join("");
    await stage.write("visits.ndjson", text, { head: 1, tail: 0 });
    await stage.queuectl(["enqueue", "--file", "visits.ndjson"], { head: 1, tail: 0 });
    await stage.queuectl(["status"], { head: 20, tail: 0 });
    await stage.queuectl(["wait", ...IDS], { head: 3, tail: 1 });
    await stage.queuectl(["worker", "stop"]);
    const jobs = await completedJobs(stage, IDS);
    const visits = (await Deno.readTextFile(stage.path("visits"))).trim().split("\n");
    const expected = IDS.flatMap((id) => [`begin ${id}`, `end ${id}`]).sort();
    await stage.verify(
      visits.toSorted().join() === expected.join() && jobs.every(({ attempts }) => attempts === 1),
      `Each of the ${IDS.length} commands began once and ended once`,
      `they wrote this: ${visits.join(", ")}`,
    );
    const most = mostAtOnce(visits);
    await stage.verify(
      most >= 2,
      `By the lines that they wrote, up to ${most} ran at the same time`,
      "they ran one after the other",
    );
    const pair = overlap(jobs);
    await stage.verify(
      pair !== null,
      `By the time stamps too: ${pair ?? ""}`,
      "no two jobs of different workers overlap",
    );
    const workers = new Set(jobs.map((job) => job.worker_id)).size;
    await stage.verify(workers >= 2, `${workers} workers took part`, `${workers} did`);
  },
};

function mostAtOnce(visits: readonly string[]): number {
  let running = 0;
  let most = 0;
  for (const visit of visits) {
    running += visit.startsWith("begin") ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}

/** Two jobs of different workers that ran at the same time, in words, with how long they did. */
function overlap(jobs: readonly JobJson[]): string | null {
  for (const a of jobs) {
    for (const b of jobs) {
      const begin = Math.max(Date.parse(a.started_at!), Date.parse(b.started_at!));
      const end = Math.min(Date.parse(a.finished_at!), Date.parse(b.finished_at!));
      if (a.worker_id === b.worker_id || end <= begin) continue;
      return `${a.id} of ${a.worker_id} and ${b.id} of ${b.worker_id} overlap by ${end - begin} ms`;
    }
  }
  return null;
}
