import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { explain, type Facts, REASONS } from "../src/explanation.ts";
import type { Job } from "../src/job/job.ts";
import { type State, STATES } from "../src/job/state.ts";
import type { QueueInfo } from "../src/store/queues.ts";
import type { WorkerInfo } from "../src/store/workers.ts";
import { job as newJob } from "./job/jobs.ts";

const NOW = Date.UTC(2030, 0, 1, 12);
const MINUTE = 60_000;

const JOB = newJob({ id: "j", queue: "mail", createdAt: NOW, updatedAt: NOW });

const WORKER: WorkerInfo = {
  id: "w1",
  host: "ada",
  hostIdentity: "boot",
  process: { pid: 1, startTime: "1" },
  slots: 2,
  queues: null,
  joinOrder: 1,
  busy: 0,
  state: "running",
  stopRequest: null,
  slotsRequest: null,
  startedAt: NOW,
  heartbeatAt: NOW,
  heartbeat: 1,
  unmovedFor: 0,
};

const COUNTS = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;

type Scene = Partial<Omit<Facts, "job" | "queue" | "workers" | "living">> & {
  readonly job?: Partial<Job>;
  readonly queue?: Partial<QueueInfo>;
  readonly workers?: readonly (Partial<WorkerInfo> & { readonly gone?: boolean })[];
};

/** One worker with two free slots serves every queue, and a job waits for it, unless the scene differs. */
function facts({ job, queue, workers = [{}], ...rest }: Scene): Facts {
  const known = workers.map(({ gone: _, ...worker }) => ({ ...WORKER, ...worker }));
  return {
    parents: [],
    rateOpensIn: 0,
    ahead: 0,
    running: [],
    now: NOW,
    ...rest,
    job: { ...JOB, ...job },
    queue: { queue: "mail", paused: false, limit: null, rate: null, counts: COUNTS, ...queue },
    workers: known,
    living: new Set(known.filter((_, n) => !workers[n]!.gone).map(({ id }) => id)),
  };
}

/** A job of queue `mail` that worker `w1` has run for so many minutes. */
const run = (id: string, minutes: number, queue = "mail", workerId = "w1") => ({
  id,
  queue,
  workerId,
  startedAt: NOW - minutes * MINUTE,
});

const running = (n: number) => ({ ...COUNTS, processing: n });

/** What stands there, what is said, and the reasons that follow. */
const CASES: readonly (readonly [title: string, scene: Scene, says: string, also?: string])[] = [
  ["next", {}, "next: Job j is pending: it is next, a worker takes it in a moment"],
  [
    "due, but not seen yet",
    { job: { state: "scheduled", runAt: NOW } },
    "next: Job j is scheduled: it is due, a worker takes it in a moment",
  ],
  [
    "held",
    { job: { state: "held" } },
    "held: Job j is held: it waits for somebody to release it (To let it go: queuectl release j)",
  ],
  [
    "held, with all that comes after",
    {
      job: { state: "held", runAt: NOW + MINUTE },
      parents: [{ id: "a", on: "ok", state: "pending" }],
      queue: { paused: true, limit: 1, counts: running(1) },
      workers: [],
    },
    "held: Job j is held: it waits for somebody to release it (To let it go: queuectl release j)",
    "blocked, scheduled, queue_paused, no_worker",
  ],
  [
    "blocked by one",
    { job: { state: "blocked" }, parents: [{ id: "a", on: "ok", state: "failed" }] },
    "blocked: Job j is blocked: it runs when a (failed) has completed " +
    "(To see why a has not: queuectl explain a)",
  ],
  [
    "blocked by many",
    {
      job: { state: "blocked" },
      parents: ["a", "b", "c", "d", "e"].map((id, n) => ({
        id,
        on: n === 1 ? "any" : "notok",
        state: "processing",
      })),
    },
    "blocked: Job j is blocked: it runs when a (processing) has ended without success, " +
    "b (processing) has ended, c (processing) has ended without success and 2 more " +
    "(To see why a has not: queuectl explain a)",
  ],
  [
    "blocked by what has just ended",
    { job: { state: "blocked" } },
    "blocked: Job j is blocked: it waits for other jobs",
  ],
  [
    "scheduled; a full queue says nothing of then",
    {
      job: { state: "scheduled", runAt: NOW + 90 * MINUTE },
      queue: { limit: 1, counts: running(1), rate: { count: 1, period: 1000 } },
      rateOpensIn: 500,
      workers: [{ busy: 2 }],
    },
    "scheduled: Job j is scheduled: it is due at 2030-01-01T13:30:00.000Z, in 1h30m " +
    "(To run it now: queuectl edit j --delay 0)",
  ],
  [
    "scheduled, and nobody is there",
    { job: { state: "scheduled", runAt: NOW + 2000 }, workers: [{ gone: true }] },
    "scheduled: Job j is scheduled: it is due at 2030-01-01T12:00:02.000Z, in 2s " +
    "(To run it now: queuectl edit j --delay 0)",
    "no_worker",
  ],
  [
    "backoff",
    { job: { state: "failed", attempts: 1, error: "exit code 3", runAt: NOW + 1500 } },
    "backoff: Job j is failed: attempt 1 of 4 failed (exit code 3), the next one is due in 1.5s " +
    "(To run it now: queuectl retry j)",
  ],
  [
    "paused; slots say nothing of then",
    { queue: { paused: true }, workers: [{ busy: 2 }], ahead: 5 },
    "queue_paused: Job j is pending: queue mail is paused " +
    "(To resume it: queuectl queue resume mail)",
  ],
  [
    "paused and not served",
    { queue: { paused: true }, workers: [{ queues: ["video"] }] },
    "queue_paused: Job j is pending: queue mail is paused " +
    "(To resume it: queuectl queue resume mail)",
    "queue_not_served",
  ],
  [
    "no worker",
    { workers: [] },
    "no_worker: Job j is pending: no worker is running (To start one: queuectl worker start)",
  ],
  [
    "only a lost worker",
    { workers: [{ gone: true }] },
    "no_worker: Job j is pending: no worker is running (To start one: queuectl worker start)",
  ],
  [
    "queue not served",
    { workers: [{ queues: ["video", "a"] }, { id: "w2", queues: ["a"] }, { id: "x", gone: true }] },
    "queue_not_served: Job j is pending: no worker serves queue mail, only a and video " +
    "(To start one: queuectl worker start --queue mail)",
  ],
  [
    "the worker is stopping",
    { workers: [{ state: "draining" }, { id: "w2", queues: ["video"] }] },
    "workers_stopping: Job j is pending: the only worker that serves queue mail is stopping " +
    "(To start another one: queuectl worker start)",
  ],
  [
    "the workers are stopping",
    { workers: [{ state: "draining" }, { id: "w2", stopRequest: "drain" }], ahead: 1 },
    "workers_stopping: Job j is pending: every worker that serves queue mail is stopping " +
    "(To start another one: queuectl worker start)",
  ],
  [
    "queue at its limit",
    {
      queue: { limit: 2, counts: running(2) },
      running: [run("a", 3), run("v", 2, "video"), run("b", 1)],
      workers: [{ slots: 4, busy: 3 }],
    },
    "queue_at_limit: Job j is pending: queue mail runs 2 of at most 2 jobs: a (for 3m) and " +
    "b (for 1m) (To let more run: queuectl queue set mail --limit 3)",
  ],
  [
    "queue at a large limit, of which not all are known",
    {
      queue: { limit: 1000, counts: running(1000) },
      running: [run("a", 3), run("b", 2), run("c", 1), run("d", 1)],
      workers: [{ slots: 2000, busy: 1000 }],
    },
    "queue_at_limit: Job j is pending: queue mail runs 1,000 of at most 1,000 jobs: a (for 3m), " +
    "b (for 2m), c (for 1m) and 997 more (To let more run: queuectl queue set mail --limit 1001)",
  ],
  [
    "rate used up",
    { queue: { rate: { count: 10, period: MINUTE } }, rateOpensIn: 12_000 },
    "rate_used_up: Job j is pending: queue mail has used up its rate of 10/1m, " +
    "which opens in 12s",
  ],
  [
    "a rate that is open",
    { queue: { rate: { count: 10, period: MINUTE } } },
    "next: Job j is pending: it is next, a worker takes it in a moment",
  ],
  [
    "limit, rate, slots and turn at once",
    {
      queue: { limit: 1, counts: running(1), rate: { count: 1, period: 1000 } },
      rateOpensIn: 500,
      workers: [{ slots: 1, busy: 1 }],
      running: [run("a", 3)],
      ahead: 1,
    },
    "queue_at_limit: Job j is pending: queue mail runs 1 of at most 1 job: a (for 3m) " +
    "(To let more run: queuectl queue set mail --limit 2)",
    "rate_used_up, slots_busy, turn",
  ],
  [
    "the only slot is busy",
    { workers: [{ slots: 1, busy: 1 }], running: [run("v", 5, "video")] },
    "slots_busy: Job j is pending: the only slot is busy: v (for 5m) " +
    "(To have more: queuectl worker scale 2 w1)",
  ],
  [
    "all slots are busy",
    {
      workers: [{ busy: 2 }, { id: "w2", busy: 2 }, { id: "w3", queues: ["video"] }],
      running: [run("a", 5), run("b", 4), run("v", 3, "video", "w3"), run("c", 2), run("d", 1)],
      ahead: 1200,
    },
    "slots_busy: Job j is pending: all 4 slots are busy: a (for 5m), b (for 4m), c (for 2m) " +
    "and 1 more (To have more: queuectl worker start)",
    "turn",
  ],
  [
    "a slot is free at another worker",
    { workers: [{ busy: 2 }, { id: "w2", busy: 1 }], running: [run("a", 5)] },
    "next: Job j is pending: it is next, a worker takes it in a moment",
  ],
  ["turn", { ahead: 1 }, "turn: Job j is pending: 1 job of queue mail comes before it"],
  ["turn", { ahead: 1200 }, "turn: Job j is pending: 1,200 jobs of queue mail come before it"],
  [
    "running",
    { job: { state: "processing", attempts: 2, startedAt: NOW - 3 * MINUTE, workerId: "w1" } },
    "running: Job j is processing: attempt 2 of 4 has run for 3m in worker w1 on ada " +
    "(To see its output: queuectl logs -f j)",
  ],
  [
    "running, with its progress",
    {
      job: {
        state: "processing",
        attempts: 1,
        startedAt: NOW - 3 * MINUTE,
        workerId: "w1",
        progress: { percent: 40, message: "encoding" },
      },
    },
    "running: Job j is processing: attempt 1 of 4 has run for 3m in worker w1 on ada, " +
    "it is at 40% encoding (To see its output: queuectl logs -f j)",
  ],
  [
    "running, at a number alone",
    {
      job: {
        state: "processing",
        attempts: 1,
        workerId: "w1",
        progress: { percent: 2.5, message: null },
      },
    },
    "running: Job j is processing: attempt 1 of 4 has run in worker w1 on ada, it is at 2.5% " +
    "(To see its output: queuectl logs -f j)",
  ],
  [
    "cancelling",
    { job: { state: "processing", workerId: "w1", cancelRequested: true } },
    "cancelling: Job j is processing: worker w1 on ada was asked to end it",
  ],
  [
    "lost, another worker lives",
    {
      job: { state: "processing", workerId: "w1", cancelRequested: true },
      workers: [{ gone: true }, { id: "w2" }],
    },
    "worker_lost: Job j is processing: worker w1 on ada is gone, another worker takes it over soon",
  ],
  [
    "lost, nobody lives",
    { job: { state: "processing", workerId: "w0" }, workers: [{ gone: true }] },
    "worker_lost: Job j is processing: worker w0 is gone, the next worker takes it over " +
    "(To start one: queuectl worker start)",
  ],
  [
    "completed",
    { job: { state: "completed", attempts: 2, finishedAt: NOW - 5 * MINUTE } },
    "completed: Job j is completed: attempt 2 ended with exit code 0, 5m ago " +
    "(To see its output: queuectl logs j)",
  ],
  [
    "dead",
    { job: { state: "dead", attempts: 4, error: "exit code 3", finishedAt: NOW - 5 * MINUTE } },
    "dead: Job j is dead: attempt 4 of 4 failed (exit code 3), 5m ago " +
    "(To run it again: queuectl retry j)",
  ],
  [
    "cancelled by somebody",
    { job: { state: "cancelled", error: "cancelled", finishedAt: NOW - 5 * MINUTE } },
    "cancelled: Job j is cancelled: somebody cancelled it, 5m ago " +
    "(To run it again: queuectl retry j)",
  ],
  [
    "cancelled because of a parent",
    { job: { state: "cancelled", error: "job a is dead, and this one was to run after it" } },
    "cancelled: Job j is cancelled: job a is dead, and this one was to run after it " +
    "(To run it again: queuectl retry j)",
  ],
];

for (const [title, scene, says, also = ""] of CASES) {
  Deno.test(`explain(): ${title}`, () => {
    const { reason, text, hint, also: rest } = explain(facts(scene));
    strictEqual(`${reason}: ${text}${hint === null ? "" : ` (${hint})`}`, says);
    strictEqual(rest.map(({ reason }) => reason).join(", "), also);
  });
}

Deno.test("explain() is tested for every reason there is", () => {
  const seen = new Set(CASES.map(([, , says]) => says.split(":")[0]));
  deepStrictEqual(REASONS.filter((reason) => !seen.has(reason)), []);
});

Deno.test("explain() has an answer for every state, whatever else is known", () => {
  for (const state of STATES) {
    for (const workers of [[], [{}], [{ gone: true }]]) {
      const { text } = explain(facts({ job: { state, workerId: "w1" }, workers }));
      strictEqual(text.startsWith(`Job j is ${state}: `), true, text);
      strictEqual(/null|undefined|NaN/.test(text), false, text);
    }
  }
});
