/**
 * A store whose every text was written by somebody hostile, past all that the command line refuses.
 *
 * @module
 */

import fc from "fast-check";
import { Queue } from "../cli/queue.ts";
import { newJob } from "../job/jobs.ts";
import { NASTY } from "./texts.ts";

/** Where a text stands. */
const PLACES = [
  ...["command", "queue", "tag", "cwd", "env", "error", "uniqueKey"],
  ...["worker", "host", "progress", "schedule"],
] as const;

/** What is written, by its place. */
export type HostileTexts = Readonly<Record<(typeof PLACES)[number], string>>;

// No random characters: the second opinion on widths does not know all of them.
const bit = fc.constantFrom(...NASTY, "a", "B ", "1").map((text) => text.replaceAll("\0", "\x01"));
const cell = fc.oneof(
  { weight: 4, arbitrary: fc.array(bit, { minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: bit.map((text) => Array.from({ length: 300 }, () => text)) },
).map((bits) => bits.join(""));

/** Texts for a whole store. */
export const hostileTexts: fc.Arbitrary<HostileTexts> = fc.record(
  Object.fromEntries(PLACES.map((place) => [place, cell])),
  { noNullPrototype: true },
) as fc.Arbitrary<HostileTexts>;

/** The jobs of {@linkcode hostileQueue}, each in another state. */
export const HOSTILE_IDS = ["done", "dead", "gone", "wait", "held", "busy", "later"] as const;

/** Makes the store: jobs in most states, two workers, queues, schedules. */
export async function hostileQueue(texts: HostileTexts): Promise<Queue> {
  const queue = await Queue.open();
  const { command, tag, cwd, env, error, uniqueKey, worker, host, progress, schedule } = texts;
  const job = {
    command,
    cwd: `/${cwd}`,
    tags: [tag, "plain"],
    env: { [env]: "secret" },
    queue: texts.queue,
  };
  await queue.join("w1");
  await queue.join(worker, { host, queues: [texts.queue, "default"] });
  await queue.ran({ id: "done", ...job, uniqueKey }, 0);
  await queue.ran({ id: "dead", ...job, uniqueKey }, { kind: "not_started", error });
  await queue.ran({ id: "gone", ...job }, { kind: "lost", error });
  await queue.add({ id: "busy", ...job, uniqueKey });
  const claim = await queue.claim(worker);
  await queue.store.reportProgress(claim, { percent: 40, message: progress });
  await queue.add({ id: "wait", ...job, after: [{ id: "busy", on: "ok" }] });
  await queue.add({ id: "held", ...job, held: true }, { id: "later", ...job, delay: 60_000 });
  await queue.store.configureQueue(texts.queue, { paused: true }, { create: true });
  for (const [name, paused] of [[schedule, false], [`${schedule}2`, true]] as const) {
    await queue.store.addSchedule({
      name,
      cron: "@daily",
      timezone: "Europe/Berlin",
      catchUp: "one",
      overlap: "allow",
      spec: JSON.stringify(newJob("x", job)),
      nextAt: queue.now + 1000,
    });
    if (paused) await queue.store.pauseSchedule(name, true);
  }
  return queue;
}
