/**
 * One job as people read it.
 *
 * @module
 */

import type { Attempt, Job, Parent } from "../job/job.ts";
import { formatDuration } from "../job/duration.ts";
import { isFinal } from "../job/state.ts";
import { formatTime } from "../job/time.ts";
import { paint } from "./color.ts";
import { escapeLines, escapeText } from "../escape.ts";
import type { Output } from "./output.ts";
import { countOf, formatCount } from "../numbers.ts";
import { formatAgo, stateCell } from "./render.ts";
import { formatElapsed } from "../elapsed.ts";
import { renderTable } from "./table.ts";

/** A job and its attempts, oldest first. */
export interface JobRecord {
  readonly job: Job;
  readonly attempts: readonly Attempt[];
}

/** The job as a list of fields, and its attempts as a table. */
export async function renderJob(
  { job, attempts }: JobRecord,
  now: number,
  output: Pick<Output, "columns" | "color">,
): Promise<string> {
  const fields = fieldsOf(job, now, output.color).filter(([, value]) => value !== null);
  const column = Math.max(...fields.map(([name]) => name.length)) + 2;
  const lines = fields.map(([name, value]) =>
    // What follows a newline is indented, so that no text can pass for another field.
    `${name.padEnd(column)}${value!.replaceAll("\n", `\n${" ".repeat(column)}`)}\n`
  );
  if (attempts.length === 0) return lines.join("");
  return `${lines.join("")}\n${await renderAttempts(attempts, now, output)}`;
}

type Field = readonly [name: string, value: string | null];

function fieldsOf(job: Job, now: number, color: boolean): Field[] {
  const time = (time: number | null) =>
    time === null ? null : `${formatTime(time)} (${formatAgo(time, now)})`;
  const { text, color: stateColor } = stateCell(job.state);
  return [
    ["Id", escapeText(job.id)],
    [
      "State",
      paint(text, stateColor, color) + (job.state === "processing" ? describeProgress(job) : "") +
      (job.cancelRequested ? ", to be cancelled" : ""),
    ],
    ["Command", escapeLines(job.command)],
    ["Queue", escapeText(job.queue)],
    ["Priority", job.priority === 0 ? null : String(job.priority)],
    ["Tags", job.tags.length === 0 ? null : job.tags.map(escapeText).join(", ")],
    ["After", job.after.length === 0 ? null : job.after.map(describeParent).join(", ")],
    ["Unique key", job.uniqueKey === null ? null : escapeText(job.uniqueKey)],
    ["Schedule", job.schedule === null ? null : describeSchedule(job.schedule, job.fireTime)],
    ["Directory", job.cwd === null ? null : escapeText(job.cwd)],
    [
      "Environment",
      job.envNames.length === 0
        ? null
        : `${job.envNames.map(escapeText).join(", ")} (values hidden)`,
    ],
    ["Timeout", job.timeout === null ? null : formatDuration(job.timeout)],
    ["Attempts", `${formatCount(job.attempts)} of at most ${formatCount(job.maxRetries + 1)}`],
    ["Backoff", job.maxRetries === 0 ? null : describeBackoff(job)],
    [
      "Fatal exit codes",
      job.fatalExitCodes.length === 0 ? null : job.fatalExitCodes.join(", "),
    ],
    ["Created", time(job.createdAt)],
    ["Started", time(job.startedAt)],
    ["Finished", time(job.finishedAt)],
    ["Due", time(job.runAt)],
    ["Exit code", job.exitCode === null ? null : String(job.exitCode)],
    [
      "Progress",
      job.state === "processing" || job.progress === null
        ? null
        : describeProgress(job).trimStart(),
    ],
    ["Error", job.error === null ? null : escapeText(job.error)],
    ["Worker", job.workerId === null ? null : escapeText(job.workerId)],
  ];
}

/** ` 40% encoding`, or nothing. */
function describeProgress({ progress }: Job): string {
  if (progress === null) return "";
  const { percent, message } = progress;
  return ` ${percent}%${message === null ? "" : ` ${escapeText(message)}`}`;
}

function describeParent({ id, on }: Parent): string {
  return on === "ok" ? escapeText(id) : `${escapeText(id)} (${on})`;
}

function describeSchedule(name: string, fireTime: number | null): string {
  return `${escapeText(name)}${fireTime === null ? "" : `, for ${formatTime(fireTime)}`}`;
}

function describeBackoff({ backoffBase, backoffMax, backoffJitter }: Job): string {
  const jitter = backoffJitter === 0 ? "" : `, ±${Math.round(backoffJitter * 100)}%`;
  return `${backoffBase}^n seconds, at most ${formatDuration(backoffMax)}${jitter}`;
}

function renderAttempts(
  attempts: readonly Attempt[],
  now: number,
  output: Pick<Output, "columns" | "color">,
): Promise<string> {
  return renderTable(
    [
      { title: "ATTEMPT", align: "right" },
      { title: "OUTCOME" },
      { title: "STARTED", align: "right" },
      { title: "TOOK", align: "right" },
      { title: "OUTPUT", align: "right" },
      { title: "WORKER", flexible: true, spare: 1 },
      { title: "ERROR", flexible: true },
    ],
    attempts.map((attempt) => [
      String(attempt.attempt),
      attempt.outcome?.replaceAll("_", " ") ?? "running",
      formatAgo(attempt.startedAt, now),
      formatElapsed((attempt.finishedAt ?? now) - attempt.startedAt),
      attempt.outcome === null ? "" : countOf(attempt.outputBytes, "byte"),
      attempt.workerId,
      attempt.error ?? "",
    ]),
    output,
  );
}

/** A sentence names so many parents. */
const MOST_PARENTS = 5;

/** How a job stands, in a sentence: `Job j1 is dead: exit code 1`. */
export function describeJob({ id, state, error, runAt, after }: Job, now: number): string {
  const job = `Job ${escapeText(id)}`;
  // Of a job that somebody cancelled, the error only says that again.
  const why = error === null || error === state ? "" : `: ${escapeText(error)}`;
  if (state === "completed") return `${job} completed`;
  if (isFinal(state)) return `${job} is ${state}${why}`;
  if (state === "processing") return `${job} is running`;
  if (state === "blocked") {
    const more = after.length > MOST_PARENTS ? ` and ${after.length - MOST_PARENTS} more` : "";
    const parents = after.slice(0, MOST_PARENTS).map(describeParent).join(", ");
    return `${job} is blocked: it runs after ${parents}${more}`;
  }
  return runAt === null
    ? `${job} is ${state}${why}`
    : `${job} is ${state}${why}; it is due ${formatAgo(runAt, now)}`;
}
