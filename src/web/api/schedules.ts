/**
 * Routes about schedules.
 *
 * @module
 */

import * as v from "valibot";
import { findSchedule } from "../../actions/find_schedule.ts";
import { resumeSchedule } from "../../actions/resume_schedule.ts";
import { runSchedule } from "../../actions/run_schedule.ts";
import { NotFoundError, UsageError } from "../../errors.ts";
import { readScheduledJob, withDirectory } from "../../intake/scheduled_spec.ts";
import { canonicalCron, CATCH_UPS, type CronTimes, parseCron } from "../../job/cron.ts";
import { SPEC_FIELDS } from "../../job/spec_fields.ts";
import { formatTime } from "../../job/time.ts";
import { localTimezone, parseTimezone } from "../../job/timezone.ts";
import { jobToJson } from "../../job/json.ts";
import { type ScheduleJson, scheduleToJson } from "../../json/schedule_json.ts";
import { OVERLAPS, type ScheduleInfo } from "../../store/schedules.ts";
import type { Store } from "../../store/store.ts";
import { EXAMPLE_LISTED_JOB } from "./examples.ts";
import { reading, stated } from "./fields.ts";
import { word } from "./job_filter.ts";
import { defineRoute, type JsonAnswer, type Route } from "./route.ts";
import { JOB, SCHEDULE } from "./schemas.ts";

/** So many firings are told of. */
const SHOWN = 5;

/** A schedule, and when it fires. */
export interface NextScheduleJson extends ScheduleJson {
  next: readonly string[];
}

const RESPONSE = { description: "The schedule", content: { "application/json": SCHEDULE } };

const NAME = { params: { name: v.string() }, words: { name: "The name of the schedule" } };

const listSchedules = defineRoute({
  method: "GET",
  path: "/api/schedules",
  name: "listSchedules",
  tag: "schedules",
  summary: "List schedules and when they fire",
  description:
    "As `queuectl schedule list --json`, with the next five firings; none while it is paused.",
  writes: false,
  responses: {
    200: { description: "By name", content: { "application/json": v.array(SCHEDULE) } },
  },
  async handle({ store, now }) {
    const schedules = await store.schedules();
    const json = await Promise.all(schedules.map((schedule) => toJson(schedule, now())));
    return { status: 200, json };
  },
});

const SCHEDULED_JOB = stated(
  v.custom<unknown>(
    (value) => typeof value === "string" || isObject(value),
    "must be a job, or its command as a text",
  ),
  {
    description: "What each firing enqueues: a job spec without id, run_at and after, or a command",
    anyOf: [{ type: "string" }, { $ref: "#/components/schemas/JobSpec" }],
  },
);

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const putSchedule = defineRoute({
  method: "PUT",
  path: "/api/schedules/{name}",
  name: "putSchedule",
  tag: "schedules",
  summary: "Add a schedule, or put another one in its place",
  description:
    "A cron expression has five fields, or six with the seconds first, or is a name such as " +
    "@daily. A pause stays. The jobs run in the directory in which the dashboard was started (with " +
    "PostgreSQL: in that of their worker) unless the job has a `cwd`.",
  writes: true,
  ...NAME,
  body: {
    kind: "fields",
    fields: {
      cron: reading(canonicalCron),
      timezone: v.optional(reading(parseTimezone)),
      catch_up: v.optional(word(CATCH_UPS, "none")),
      overlap: v.optional(word(OVERLAPS, "allow")),
      job: SCHEDULED_JOB,
    },
    example: { cron: "30 2 * * *", timezone: "Europe/Berlin", job: { command: "./backup.sh" } },
  },
  responses: {
    200: { ...RESPONSE, description: "It took the place of the one that was there" },
    201: { ...RESPONSE, description: "It is new" },
  },
  errors: [400],
  async handle({ store, params: { name }, body, now, cwd }) {
    const checked = v.safeParse(SPEC_FIELDS.queue, name);
    if (!checked.success) {
      throw new UsageError(`"name" ${checked.issues[0].message}`, { field: "name" });
    }
    const { cron, timezone = localTimezone(), catch_up: catchUp = "none", overlap = "allow" } =
      body;
    const times = await readTimes(cron, timezone);
    const job = readScheduledJob(body.job);
    const isNew = !(await store.schedules()).some((schedule) => schedule.name === name);
    const spec = JSON.stringify(await withDirectory(job, store, cwd));
    const nextAt = times.next(now());
    await store.addSchedule({ name, cron, timezone, catchUp, overlap, spec, nextAt }, true);
    return await answer(store, name, now(), isNew ? 201 : 200);
  },
});

const deleteSchedule = defineRoute({
  method: "DELETE",
  path: "/api/schedules/{name}",
  name: "deleteSchedule",
  tag: "schedules",
  summary: "Remove a schedule; its jobs stay",
  writes: true,
  ...NAME,
  responses: {
    200: {
      description: "It is gone",
      content: {
        "application/json": v.strictObject({ name: v.string(), deleted: v.literal(true) }),
      },
    },
  },
  errors: [404],
  async handle({ store, params: { name } }) {
    await findSchedule(store, name);
    await store.removeSchedule(name);
    return { status: 200, json: { name, deleted: true } };
  },
});

const pauseSchedule = defineRoute({
  method: "POST",
  path: "/api/schedules/{name}/pause",
  name: "pauseSchedule",
  tag: "schedules",
  summary: "Pause a schedule",
  description: "It fires nothing until it is resumed; its jobs that are there go on.",
  writes: true,
  ...NAME,
  responses: { 200: RESPONSE },
  errors: [404],
  async handle({ store, params: { name }, now }) {
    await findSchedule(store, name);
    await store.pauseSchedule(name, true);
    return await answer(store, name, now());
  },
});

const resume = defineRoute({
  method: "POST",
  path: "/api/schedules/{name}/resume",
  name: "resumeSchedule",
  tag: "schedules",
  summary: "Let a schedule fire again",
  description: "What it missed is made up for as its catch_up says.",
  writes: true,
  ...NAME,
  responses: { 200: RESPONSE },
  errors: [404],
  async handle({ store, params: { name }, now }) {
    const schedule = await findSchedule(store, name);
    const times = await readTimes(schedule.cron, schedule.timezone);
    await resumeSchedule(store, schedule, times, now());
    return await answer(store, name, now());
  },
});

const run = defineRoute({
  method: "POST",
  path: "/api/schedules/{name}/run",
  name: "runSchedule",
  tag: "schedules",
  summary: "Enqueue the job of a schedule now",
  description: "Paused or not. When it fires next does not change.",
  writes: true,
  ...NAME,
  responses: {
    201: {
      description: "The job",
      content: { "application/json": JOB },
      example: EXAMPLE_LISTED_JOB,
    },
  },
  errors: [404, 409],
  async handle({ store, params: { name }, now }) {
    const id = await runSchedule(store, await findSchedule(store, name), now());
    const job = await store.job(id);
    if (job === null) throw new NotFoundError(`Job ${id} was deleted`);
    return { status: 201, json: jobToJson(job) };
  },
});

/**
 * When an expression fires.
 *
 * @throws {UsageError} if it is none, or never fires
 */
async function readTimes(cron: string, timezone: string): Promise<CronTimes> {
  try {
    return await parseCron(cron, timezone);
  } catch (error) {
    if (error instanceof RangeError) {
      throw new UsageError(`"cron" ${error.message}`, { field: "cron" });
    }
    throw error;
  }
}

async function answer(
  store: Store,
  name: string,
  now: number,
  status = 200,
): Promise<JsonAnswer> {
  return { status, json: await toJson(await findSchedule(store, name), now) };
}

async function toJson(schedule: ScheduleInfo, now: number): Promise<NextScheduleJson> {
  return { ...scheduleToJson(schedule), next: await nextFirings(schedule, now) };
}

/** One that a newer program has stored may not be understood: it is shown all the same. */
async function nextFirings(
  { cron, timezone, paused, nextAt }: ScheduleInfo,
  now: number,
): Promise<string[]> {
  if (paused || nextAt === null) return [];
  let times: CronTimes;
  try {
    times = await parseCron(cron, timezone);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
  const found: string[] = [];
  for (let time = times.next(now); time !== null && found.length < SHOWN;) {
    found.push(formatTime(time)!);
    time = times.next(time);
  }
  return found;
}

/** The routes. */
export const SCHEDULE_ROUTES: readonly Route[] = [
  listSchedules,
  putSchedule,
  deleteSchedule,
  pauseSchedule,
  resume,
  run,
];
