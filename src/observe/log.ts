/**
 * The log: events in words.
 *
 * @module
 */

import {
  compareLogLevel,
  getJsonLinesFormatter,
  type LogLevel,
  type LogRecord,
} from "@logtape/logtape";
import { escapeInJson, escapeText } from "../escape.ts";
import { formatElapsed } from "../elapsed.ts";
import type { Settled } from "../store/tick.ts";
import type { Listener, WorkerEvent } from "./events.ts";

/** How to log. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: "text" | "json";
  readonly write: (text: string) => void;
}

/** Something to be logged: a line, and for `json` properties beside it. */
export interface Entry {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly text: string;
  readonly [property: string]: unknown;
}

/** Starts the log; the result is to be subscribed to the events. */
export function startLog(options: LogOptions): Listener {
  const log = openLog(options);
  return (event, time) => log(describe(event), time);
}

/**
 * Starts the log; the result writes a line, of now or of another time. There is one sink and one category, so
 * records are made here: on their way through the dispatch of the library they cost twenty times as much.
 */
export function openLog(
  { level: lowest, format, write }: LogOptions,
): (entry: Entry, time?: number) => void {
  const line = format === "json" ? jsonLines() : textLines();
  return (entry, time = Date.now()) => {
    if (compareLogLevel(entry.level, lowest) >= 0) write(line(entry, time));
  };
}

type Line = (entry: Entry, time: number) => string;

/** The text is the whole message: nothing in it is a placeholder. */
function jsonLines(): Line {
  const render = getJsonLinesFormatter();
  return ({ level, text, ...properties }, timestamp) => {
    const record: LogRecord = {
      ...{ category: ["queuectl"], level, timestamp, properties },
      ...{ message: [text], rawMessage: text },
    };
    return escapeInJson(render(record));
  };
}

/** `21:14:05 info    job1 started …`, local time, which is worked out once a second. */
function textLines(): Line {
  let second = NaN;
  let clock = "";
  return ({ level, text }, time) => {
    const now = Math.floor(time / 1000);
    if (now !== second) {
      second = now;
      clock = new Date(time).toTimeString().slice(0, 8);
    }
    return `${clock} ${level.padEnd(7)} ${escapeText(text)}\n`;
  };
}

function describe(event: WorkerEvent): Entry {
  switch (event.type) {
    case "worker_ready": {
      const { worker, store, pid, slots, queues } = event;
      const served = queues === null ? "all queues" : `queues ${queues.join(", ")}`;
      const text = `${worker} is ready: ${countOf(slots, "slot")}, ${served}, store ${store}. ` +
        'To stop it: Ctrl-C, or "queuectl worker stop"';
      return { level: "info", text, worker, pid };
    }
    case "worker_listening": {
      const { url } = event;
      return { level: "info", text: `To watch it: ${url}/metrics, /healthz and /readyz`, url };
    }
    case "listen_failed":
      return { level: "warning", text: `Cannot be watched yet: ${event.error}` };
    case "worker_draining":
      return {
        level: "info",
        text: event.running === 0
          ? "Stopping"
          : `Stopping: no new jobs, ${event.running} running. Once more to end them now`,
      };
    case "worker_handing_back":
      return {
        level: "info",
        text: event.running === 1
          ? "Ending 1 running job and handing it back"
          : `Ending ${event.running} running jobs and handing them back`,
      };
    case "worker_scaled": {
      const { worker, slots, finishing } = event;
      const rest = finishing === 0 ? "" : `, and ${countOf(finishing, "job")} more to finish`;
      return { level: "info", text: `${worker} has ${countOf(slots, "slot")} now${rest}`, worker };
    }
    case "retention_failed":
      return { level: "warning", text: `Old jobs cannot be removed: ${event.error}` };
    case "worker_stopped":
      return { level: "info", text: `${event.worker} has stopped`, worker: event.worker };
    case "job_started": {
      const { id, command } = event.job;
      const text = `${id} started (attempt ${event.attempt}): ${command.slice(0, 200)}`;
      return { level: "info", text, job: id, attempt: event.attempt };
    }
    case "job_ended":
      return { ...describeEnd(event.settled), job: event.settled.jobId };
    case "schedule_fired": {
      const { schedule, jobId, skipped } = event.fired;
      return skipped === null
        ? { level: "info", text: `Schedule ${schedule} enqueued ${jobId}`, schedule, job: jobId }
        : { level: "warning", text: `Schedule ${schedule} skipped a firing: ${skipped}`, schedule };
    }
    case "schedule_failed": {
      const { schedule, error } = event;
      return { level: "error", text: `Schedule ${schedule} cannot fire: ${error}`, schedule };
    }
    case "attempt_stale":
      return { level: "warning", text: `An attempt ended after its job had moved on; ignored` };
    case "worker_lost": {
      const { id, host } = event.worker;
      const what = event.reason === "died" ? "has died" : "does not answer any more";
      return {
        level: "warning",
        text: `${id} on ${host} ${what}: taking over its jobs`,
        worker: id,
      };
    }
    case "rescue_failed":
      return { level: "error", text: `Cannot clean up behind ${event.worker}: ${event.error}` };
    case "worker_evicted":
      return { level: "error", text: `${event.worker} was given up by the others: beginning anew` };
    case "store_away": {
      const { error, leftToRun } = event;
      const running = leftToRun === null
        ? "running jobs go on, no new ones start"
        : `no new jobs start, and if it is not back in ${
          formatElapsed(leftToRun)
        } running ones are ended`;
      return { level: "error", text: `${error}; ${running}` };
    }
    case "lease_over": {
      const { worker, running } = event;
      const jobs = countOf(running, "running job");
      return {
        level: "error",
        text: `The store has been away for too long: ending ${jobs}, since others may take over`,
        worker,
      };
    }
    case "store_back":
      return { level: "info", text: "The store is back" };
    case "slot_rests":
      return {
        level: "error",
        text: `${event.jobId} could not begin: ${event.error}`,
        job: event.jobId,
      };
    case "spool_broken":
      return {
        level: "error",
        text: `No jobs start until files can be made for their output: ${event.error}`,
      };
    case "spool_back":
      return { level: "info", text: "Files for the output of jobs can be made again" };
    case "slot_failed":
      return {
        level: "error",
        text: `A slot cannot start its launcher, and tries again: ${event.error}`,
      };
    case "executor_failed":
      return { level: "error", text: `An executor failed, its jobs are ended: ${event.error}` };
  }
}

function countOf(count: number, noun: string): string {
  return count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
}

function describeEnd({ jobId, state, outcome, error, runAt }: Settled): Entry {
  switch (state) {
    case "completed":
      return { level: "info", text: `${jobId} completed` };
    case "failed": {
      const wait = formatElapsed(Math.round((runAt! - Date.now()) / 100) * 100);
      return { level: "warning", text: `${jobId} failed: ${error}; again in ${wait}` };
    }
    case "dead":
      return { level: "error", text: `${jobId} is dead: ${error}. To see it: queuectl dlq list` };
    default:
      return { level: "info", text: `${jobId} ${outcome?.replace("_", " ") ?? state}` };
  }
}
