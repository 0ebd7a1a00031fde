/**
 * Workers that are gone, stand still or do not answer, and jobs that wait for somebody to run them.
 *
 * @module
 */

import { formatElapsed } from "../elapsed.ts";
import { type Check, type Finding, problem, warning } from "../store/examination.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { type Condition, conditionsOf, inCondition, queuectl, type Ward } from "./ward.ts";

/** Who runs the jobs. */
export async function workersCheck(ward: Ward): Promise<Check> {
  const workers = await conditionsOf(ward);
  const living = inCondition(workers, "living");
  const slots = living.reduce((sum, worker) => sum + worker.slots, 0);
  return {
    name: "workers",
    text: living.length === 0
      ? "No worker runs, and none is missed"
      : `${living.length} live, with ${slots === 1 ? "1 slot" : `${slots} slots`} in all`,
    findings: [
      ...[...workers].flatMap(([worker, condition]) =>
        findingsOf(worker, condition, living.length > 0, ward)
      ),
      ...await waitingFindings(living, workers.size > living.length, ward),
    ],
  };
}

function findingsOf(
  worker: WorkerInfo,
  condition: Condition,
  hasOthers: boolean,
  ward: Ward,
): Finding[] {
  const { id, busy, host, process: { pid }, heartbeatAt } = worker;
  const ran = busy === 0
    ? "it ran no job"
    : `its ${busy === 1 ? "job is" : `${busy} jobs are`} stuck`;
  const command = queuectl(ward, "worker", "start", "--detach");
  const start = `To have another one take over: ${command}`;
  const silence = formatElapsed(ward.now() - heartbeatAt);
  switch (condition) {
    case "living":
      return [];
    case "lost":
      return hasOthers
        ? [warning(`Worker ${id} is gone; another one takes over in a moment`, "Look again")]
        : [(busy > 0 ? problem : warning)(`Worker ${id} is gone; ${ran}`, start)];
    case "stopped":
      return [problem(
        `Worker ${id} (process ${pid}) was stopped, by Ctrl-Z or SIGSTOP; ${ran}`,
        `To let it go on: kill -CONT ${pid}`,
      )];
    case "silent":
      return [problem(
        `Worker ${id} (process ${pid} on ${host}) has not answered for ${silence}; ${ran}`,
        hasOthers
          ? "Another one takes over after the lease; look again"
          // A full disk or a lock keeps any other out as well.
          : `Once locks and disk are well, to have another one take over: ${command}`,
      )];
  }
}

/** Jobs that could run, if there were anybody. */
async function waitingFindings(
  living: readonly WorkerInfo[],
  hasOthers: boolean,
  ward: Ward,
): Promise<Finding[]> {
  const queues = await ward.store.queues();
  const waiting = queues.filter(({ counts, paused }) => counts.pending > 0 && !paused);
  const paused = queues.filter(({ counts, paused }) => counts.pending > 0 && paused);
  const running = queues.reduce((sum, { counts }) => sum + counts.processing, 0);
  const count = await ward.store.outstanding(null, 0) - running;
  const findings: Finding[] = paused.map(({ queue, counts }) =>
    warning(
      `Queue ${queue} is paused; pending in it: ${counts.pending}`,
      `To resume it: ${queuectl(ward, "queue", "resume", queue)}`,
    )
  );
  if (living.length === 0 && count > 0 && !hasOthers) {
    const start = queuectl(ward, "worker", "start", "--detach");
    findings.push(
      warning(`No worker runs; jobs that could: ${count}`, `To start one: ${start}`),
    );
  }
  if (living.length === 0) return findings;
  const takers = living.filter(({ state, stopRequest }) =>
    state === "running" && stopRequest === null
  );
  for (const { queue, counts } of waiting) {
    if (takers.some(({ queues }) => queues === null || queues.includes(queue))) continue;
    findings.push(warning(
      `No worker serves queue ${queue}; pending in it: ${counts.pending}`,
      `To start one: ${queuectl(ward, "worker", "start", "--detach", "--queue", queue)}`,
    ));
  }
  return findings;
}
