/**
 * What a worker's foreground says: a log on standard error, or with `--json` a stream of events on
 * standard output.
 *
 * @module
 */

import type { Events, WorkerEvent } from "../observe/events.ts";
import type { Context } from "./context.ts";
import { escapeJson } from "../escape.ts";

/** Subscribes the report to the events. */
export async function reportEvents(events: Events, context: Context): Promise<void> {
  if (context.json) {
    const write = gathered((text) => void context.stdout.write(text));
    events.subscribe((event, time) => write(`${escapeJson(eventToJson(event, time))}\n`));
    return;
  }
  const { startLog } = await import("../observe/log.ts");
  const { logLevel: level, logFormat: format, stderr } = context;
  const write = gathered((text) => void stderr.write(text));
  events.subscribe(await startLog({ level, format, write }));
}

/** What a tick says in one go is written in one go: a write costs as much as ten lines. */
function gathered(write: (text: string) => void): (text: string) => void {
  let pending = "";
  return (text) => {
    if (pending === "") {
      queueMicrotask(() => {
        write(pending);
        pending = "";
      });
    }
    pending += text;
  };
}

/** An event as JSON: jobs and workers by their ids. */
function eventToJson(event: WorkerEvent, time: number): Record<string, unknown> {
  const head = { event: event.type, time: new Date(time).toISOString() };
  switch (event.type) {
    case "job_started": {
      const { id, queue, command } = event.job;
      return { ...head, id, attempt: event.attempt, queue, command };
    }
    case "job_ended": {
      const { jobId, state, outcome, exitCode, error, runAt } = event.settled;
      const run_at = runAt === null ? null : new Date(runAt).toISOString();
      return { ...head, id: jobId, state, outcome, exit_code: exitCode, error, run_at };
    }
    case "worker_lost":
      return { ...head, worker: event.worker.id, host: event.worker.host, reason: event.reason };
    default:
      return { ...head, ...event, type: undefined };
  }
}
