/**
 * What a worker's foreground says: a log on standard error, or with `--json` a stream of events on
 * standard output.
 *
 * @module
 */

import type { Events, WorkerEvent } from "../observe/events.ts";
import type { Context } from "./context.ts";
import { escapeJson } from "../escape.ts";

/** What is said is gathered for so long, milliseconds: a write costs as much as ten lines. */
const GATHERING = 20;

/** Subscribes the report to the events. Disposed of, it has said everything. */
export async function reportEvents(events: Events, context: Context): Promise<Disposable> {
  const { json, logLevel: level, logFormat: format, stdout, stderr } = context;
  const gathered = new Gathered((text) => void (json ? stdout : stderr).write(text));
  const write = (text: string) => gathered.write(text);
  if (json) {
    events.subscribe((event, time) => write(`${escapeJson(eventToJson(event, time))}\n`));
  } else {
    const { startLog } = await import("../observe/log.ts");
    events.subscribe(startLog({ level, format, write }));
  }
  return gathered;
}

/** Writes at once, and then in one go what comes shortly after. */
class Gathered implements Disposable {
  readonly #write: (text: string) => void;
  #pending = "";
  #isGathering = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  write(text: string): void {
    this.#pending += text;
    if (!this.#isGathering) this.#flush();
  }

  [Symbol.dispose](): void {
    if (this.#pending !== "") this.#write(this.#pending);
    this.#pending = "";
  }

  #flush(): void {
    this.#isGathering = this.#pending !== "";
    if (this.#isGathering) setTimeout(() => this.#flush(), GATHERING);
    this[Symbol.dispose]();
  }
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
    case "schedule_fired": {
      const { schedule, fireTime, jobId, skipped } = event.fired;
      const fire_time = new Date(fireTime).toISOString();
      return { ...head, schedule, fire_time, id: jobId, skipped };
    }
    case "worker_lost":
      return { ...head, worker: event.worker.id, host: event.worker.host, reason: event.reason };
    default:
      return { ...head, ...event, type: undefined };
  }
}
