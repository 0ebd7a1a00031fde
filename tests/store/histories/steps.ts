/**
 * The steps of random histories. Numbers choose among what there is when a step is taken, so that every
 * history can be taken whatever became of its earlier steps, and shrinks.
 *
 * @module
 */

import fc from "fast-check";
import { CATCH_UPS } from "../../../src/job/cron.ts";
import { CONDITIONS } from "../../../src/job/job.ts";
import type { Outcome } from "../../../src/job/outcome.ts";
import { FINAL_STATES, sourcesOf, STATES, WAITING_STATES } from "../../../src/job/state.ts";
import { BULK_ACTIONS } from "../../../src/store/paging.ts";
import { OVERLAPS } from "../../../src/store/schedules.ts";

/** So many handles are open on the storage of a history. */
export const HANDLES = 3;

/** Few names, so that they are often the same. */
export const QUEUES = ["a", "b", "c"] as const;

/** A code that is fatal for some jobs. */
export const FATAL = 64;

const QUEUE_LISTS = [null, null, ["a", "b"], ["b", "c"], ["c"]] as const;

const OUTCOMES: readonly Outcome[] = [
  { kind: "completed" },
  { kind: "completed" },
  { kind: "failed", exitCode: 1 },
  { kind: "failed", exitCode: FATAL },
  { kind: "not_started", error: "no such directory" },
  { kind: "timed_out", timeout: 1000, exitCode: 143 },
  { kind: "lost", error: "the launcher died" },
  { kind: "cancelled", exitCode: null },
  { kind: "handed_back" },
  { kind: "unclaimed" },
];

const pick = fc.nat({ max: 1000 });
const queue = fc.constantFrom(...QUEUES);
const seconds = fc.integer({ min: 0, max: 4 }).map((count) => count * 1000);
const priority = fc.integer({ min: -1, max: 1 });
const maxRetries = fc.integer({ min: 0, max: 2 });
const uniqueKey = fc.oneof(
  { weight: 2, arbitrary: fc.constant(null) },
  fc.constantFrom("k", "l", "m"),
);

/** About one in so many. */
const seldom = (freq: number) => fc.nat({ max: freq - 1 }).map((drawn) => drawn === freq - 1);

/** Most steps choose among the jobs that allow them: refusals alone lead nowhere. */
const apt = seldom(4).map((drawn) => !drawn);

/** Not before: no matter when, after so long, or at a time that may be over. */
const when = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  fc.record({ delay: seconds }),
  fc.record({ runAtIn: fc.integer({ min: -2, max: 4 }).map((count) => count * 1000) }),
);

const parent = fc.record({
  // One that is there, one before it in the list, one behind it or itself, or nobody.
  whom: fc.oneof(
    { weight: 12, arbitrary: fc.constant("there" as const) },
    { weight: 9, arbitrary: fc.constant("before" as const) },
    { weight: 2, arbitrary: fc.constant("behind" as const) },
    fc.constant("nobody" as const),
  ),
  pick,
  on: fc.constantFrom(...CONDITIONS),
});

const draft = fc.record({
  queue,
  priority,
  maxRetries,
  isFatal: fc.boolean(),
  held: seldom(5),
  when,
  backoff: fc.constantFrom(
    { base: 2, max: 86_400_000, jitter: 0 },
    { base: 2, max: 3000, jitter: 0.5 },
    { base: 0, max: 1000, jitter: 0 },
  ),
  uniqueKey,
  parents: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.array(parent, { minLength: 1, maxLength: 3 }) },
  ),
  // Seldom the id of one that is or was there.
  takesId: seldom(30),
  pick,
});

const enqueue = fc.record({
  kind: fc.constant("enqueue" as const),
  jobs: fc.array(draft, { minLength: 1, maxLength: 3 }),
  ifExists: fc.constantFrom("fail" as const, "return" as const, "replace" as const),
});

/** A worker among those that are there, or one that others have buried. */
const worker = fc.record({ pick, isGone: seldom(9) });

const end = fc.record({
  pick,
  outcome: fc.constantFrom(...OUTCOMES),
  // It is told as late as this.
  ago: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, seconds),
  // The executor says when it began.
  startsAgo: fc.option(seconds),
  // Told a second time.
  again: seldom(10),
  writes: fc.boolean(),
});

const tick = fc.record({
  kind: fc.constant("tick" as const),
  worker,
  free: fc.integer({ min: 0, max: 4 }),
  ahead: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 3 })),
  ends: fc.array(end, { maxLength: 3 }),
  output: fc.option(pick, { freq: 3 }),
  observed: fc.option(fc.record({ pick, isOld: seldom(3), unmovedFor: fc.nat({ max: 2000 }) }), {
    freq: 2,
  }),
  brings: seldom(4).map((drawn) => !drawn),
  draining: seldom(12),
  isBrief: seldom(3),
  slots: fc.oneof({ weight: 6, arbitrary: fc.constant(null) }, fc.integer({ min: 1, max: 4 })),
  random: fc.constantFrom(0.5, 0, 0.75),
});

const rescue = fc.record({
  kind: fc.constant("rescue" as const),
  by: pick,
  lost: pick,
  // What had finished is settled as finished.
  outcome: fc.constantFrom<Outcome>({ kind: "lost", error: "its worker died" }, {
    kind: "completed",
  }),
  // The spool holds the whole output.
  salvages: fc.boolean(),
  isPartial: seldom(4),
  // Of a worker that could not be ended: its heart stands still, or has been seen to move.
  fence: fc.constantFrom("none", "still", "moved"),
});

const filter = fc.record({
  states: fc.subarray([...FINAL_STATES], { minLength: 1 }),
  queue: fc.option(queue),
  beforeIn: fc.constantFrom(1, 0, -2000),
  limit: fc.option(fc.integer({ min: 0, max: 2 }), { freq: 2 }),
});

const edit = fc.record({
  kind: fc.constant("edit" as const),
  pick,
  apt,
  when,
  changes: fc.record({
    command: fc.constantFrom("false", "sleep 1"),
    queue,
    priority,
    maxRetries,
    timeout: fc.constantFrom(null, 5000),
  }, { requiredKeys: [] }),
});

const configureQueue = fc.record({
  kind: fc.constant("configureQueue" as const),
  queue: fc.constantFrom(...QUEUES, "d"),
  create: fc.boolean(),
  changes: fc.record({
    paused: seldom(3),
    limit: fc.option(fc.integer({ min: 1, max: 3 }), { freq: 2 }),
    rate: fc.option(
      fc.record({
        count: fc.integer({ min: 1, max: 3 }),
        period: fc.constantFrom(1000, 3000, 60_000),
      }),
      { freq: 2 },
    ),
  }, { requiredKeys: [] }),
});

const name = fc.constantFrom("s", "t");

const addSchedule = fc.record({
  kind: fc.constant("addSchedule" as const),
  name,
  period: fc.constantFrom(15_000, 30_000, 100_000),
  catchUp: fc.constantFrom(...CATCH_UPS),
  overlap: fc.constantFrom(...OVERLAPS),
  job: fc.record({ queue, uniqueKey, delay: fc.option(seconds, { freq: 2 }) }),
  isOver: seldom(8),
  replace: fc.boolean(),
});

const pauseSchedule = fc.record({
  kind: fc.constant("pauseSchedule" as const),
  name,
  paused: seldom(3),
  next: fc.constantFrom("stays" as const, "anew" as const),
});

/** Forward, and now and then back; at times for so long that firings are missed. */
const time = fc.oneof(
  { weight: 8, arbitrary: seconds },
  { weight: 3, arbitrary: fc.constantFrom(20_000, 50_000) },
  fc.constantFrom(-1000, -3000, -70_000),
  fc.constant(200_000),
);

const simple = fc.oneof(
  fc.record({ kind: fc.constant("cancel" as const), pick, apt }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("retry" as const),
      pick,
      apt,
      // One because of which others were cancelled.
      isBlamed: seldom(3),
      from: fc.constantFrom(sourcesOf("retry"), sourcesOf("retry"), STATES, ["dead"] as const),
    }),
  },
  fc.record({ kind: fc.constant("release" as const), pick, apt }),
  fc.record({
    kind: fc.constant("remove" as const),
    pick,
    apt,
    from: fc.constantFrom(FINAL_STATES, FINAL_STATES, WAITING_STATES),
  }),
);

const rare = fc.oneof(
  fc.record({ kind: fc.constant("retryAll" as const), state: fc.constantFrom(...STATES) }),
  fc.record({ kind: fc.constant("removeEnded" as const), filter }),
  fc.record({
    kind: fc.constant("bulk" as const),
    action: fc.constantFrom(...BULK_ACTIONS),
    states: fc.option(fc.subarray([...STATES], { minLength: 1 })),
    queue: fc.option(queue, { freq: 1 }),
    limit: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({
    kind: fc.constant("move" as const),
    picks: fc.array(pick, { minLength: 1, maxLength: 3 }),
    childrenFirst: fc.boolean(),
    // Some are still there.
    keeps: seldom(3),
    skipExisting: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("stop" as const),
    pick,
    request: fc.constantFrom("drain" as const, "now" as const),
    slots: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 2 }),
  }),
  fc.record({ kind: fc.constant("leave" as const), pick }),
  fc.record({ kind: fc.constant("removeSchedule" as const), name }),
);

const what = fc.oneof(
  { weight: 14, arbitrary: tick },
  { weight: 5, arbitrary: enqueue },
  { weight: 5, arbitrary: simple },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("wait" as const), time }) },
  { weight: 2, arbitrary: rare },
  { weight: 2, arbitrary: edit },
  { weight: 1, arbitrary: configureQueue },
  { weight: 1, arbitrary: addSchedule },
  { weight: 1, arbitrary: pauseSchedule },
  { weight: 2, arbitrary: rescue },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("join" as const),
      queues: fc.constantFrom(...QUEUE_LISTS),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("progress" as const),
      worker,
      pick,
      again: seldom(4),
      percent: fc.integer({ min: 0, max: 100 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("look" as const),
      pick,
      queues: fc.constantFrom(...QUEUE_LISTS, []),
      states: fc.option(fc.subarray([...STATES]), { freq: 2 }),
      queue: fc.option(queue, { freq: 2 }),
    }),
  },
);

/** A step, and the handle through which it is taken; a worker has a handle of its own. */
const taken = fc.record({ handle: fc.nat({ max: HANDLES - 1 }), what });

/** What is done at one step. */
export type What = typeof what extends fc.Arbitrary<infer T> ? T : never;
/** A step of a history. */
export type Step = typeof taken extends fc.Arbitrary<infer T> ? T : never;
/** A step of one kind. */
export type Of<K extends What["kind"]> = Extract<What, { readonly kind: K }>;
/** A job of an enqueue step. */
export type Draft = Of<"enqueue">["jobs"][number];

/** Histories of up to so many steps. */
export function historyOf(maxSteps: number): fc.Arbitrary<Step[]> {
  return fc.array(taken, { minLength: 1, maxLength: maxSteps, size: "max" });
}
