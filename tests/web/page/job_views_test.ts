import assert from "node:assert/strict";
import { timelineOf } from "../../../src/web/page/attempt_timeline.ts";
import { ACTIONS, describeResult } from "../../../src/web/page/bulk.ts";
import { changesOf, checkEdit, editOfJob } from "../../../src/web/page/edit_form.ts";
import type { AttemptJson, JobJson } from "../../../src/web/page/job_shapes.ts";
import { OutputFeed } from "../../../src/web/page/output_feed.ts";
import {
  AT_END,
  FOLLOWED,
  moveWindow,
  READ,
  type RowsKept,
  showEarlier,
} from "../../../src/web/page/output_window.ts";
import { plainText } from "../../../src/web/page/transcript.ts";
import { addStep, depthOf } from "../../../src/web/page/trail.ts";

function kept(first: number, end: number, weight = 1): RowsKept {
  return { first, end, weigh: () => weight };
}

Deno.test("moveWindow() shows the last rows while it follows", () => {
  assert.deepEqual(moveWindow(AT_END, kept(0, 10)), { top: 0, bottom: 10, following: true });
  const window = moveWindow(AT_END, kept(100, 60_000));
  assert.deepEqual(window, { top: 60_000 - FOLLOWED.rows, bottom: 60_000, following: true });
});

Deno.test("moveWindow() stays where it is while it does not follow, and never grows beyond its most", () => {
  const paused = { top: 8000, bottom: 9000, following: false };
  assert.deepEqual(moveWindow(paused, kept(0, 9500)), { ...paused, bottom: 9500 });
  assert.deepEqual(moveWindow(paused, kept(0, 99_000)), { ...paused, bottom: 8000 + READ.rows });
  assert.deepEqual(moveWindow(paused, kept(9000, 9500)), { ...paused, top: 9000, bottom: 9500 });
  assert.deepEqual(moveWindow(paused, kept(9, 99)), { ...paused, top: 99, bottom: 99 });
});

Deno.test("moveWindow() shows fewer rows that are heavy, and at least one", () => {
  const [heavy, huge] = [kept(0, 5000, 400), kept(0, 5000, 1e9)];
  assert.equal(moveWindow(AT_END, heavy).top, 5000 - FOLLOWED.weight / 400);
  assert.equal(moveWindow(AT_END, huge).top, 4999);
  const paused = { top: 0, bottom: 0, following: false };
  assert.equal(moveWindow(paused, heavy).bottom, READ.weight / 400);
  assert.equal(moveWindow(paused, huge).bottom, 1);
});

Deno.test("showEarlier() adds rows above, as far as they are kept", () => {
  const paused = { top: 3000, bottom: 5000, following: true };
  assert.deepEqual(showEarlier(paused, kept(0, 5000)), {
    top: 1000,
    bottom: 5000,
    following: false,
  });
  assert.equal(showEarlier(paused, kept(2500, 5000)).top, 2500);
});

function attempt(began: number, ended: number | null): AttemptJson {
  const time = (seconds: number) => new Date(seconds * 1000).toISOString();
  return {
    attempt: 1,
    outcome: ended === null ? null : "failed",
    started_at: time(began),
    finished_at: ended === null ? null : time(ended),
    exit_code: null,
    error: null,
    worker_id: "w",
    host: "h",
    output_bytes: 0,
  };
}

Deno.test("timelineOf() gives lengths, shares of the longest, and the waits between", () => {
  const bars = timelineOf([attempt(0, 4), attempt(6, 7), attempt(10, null)], 12_000);
  assert.deepEqual(bars.map(({ seconds, share, waited }) => [seconds, share, waited]), [
    [4, 1, null],
    [1, 0.25, 2],
    [2, 0.5, 3],
  ]);
});

Deno.test("timelineOf() takes clocks that differ for no time at all", () => {
  const [first, second] = timelineOf([attempt(5, 4), attempt(3, null)], 1000);
  assert.deepEqual([first!.seconds, second!.seconds, second!.waited], [0, 0, 0]);
});

const JOB = { command: "x", queue: "q", priority: 0, max_retries: 3, timeout: null } as JobJson;

Deno.test("changesOf() names only what was changed", () => {
  const before = editOfJob(JOB);
  assert.deepEqual(changesOf(before, before), {});
  const after = { ...before, priority: "high", timeout: "10m", when: "now" as const };
  assert.deepEqual(changesOf(before, after), { priority: "high", timeout: "10m", delay: 0 });
  assert.deepEqual(changesOf(editOfJob({ ...JOB, timeout: 5 }), { ...before, timeout: "" }), {
    timeout: "none",
  });
});

Deno.test("checkEdit() says what is wrong in the server's words", () => {
  const before = editOfJob(JOB);
  const wrong = { ...before, command: "", max_retries: "many", when: "delay" as const };
  assert.deepEqual(Object.keys(checkEdit(changesOf(before, wrong))), [
    "command",
    "max_retries",
    "delay",
  ]);
});

Deno.test("describeResult() names both numbers and some reasons", () => {
  assert.equal(describeResult("retry", { acted: 1, refused: 0, reasons: [] }), "Retried 1 job");
  assert.equal(
    describeResult("cancel", { acted: 1200, refused: 2, reasons: ["Job a is dead"] }),
    "Cancelled 1,200 jobs. 2 jobs could not be: Job a is dead",
  );
  assert.deepEqual(ACTIONS.release.states, ["held"]);
});

Deno.test("addStep() remembers the way back, and depthOf() counts it", () => {
  let steps: ReadonlyMap<string, string> = new Map();
  steps = addStep(steps, "first", "second");
  steps = addStep(steps, "second", "third");
  // Steps back are none.
  steps = addStep(steps, "third", "second");
  assert.equal(depthOf(steps, "third", "first"), 2);
  assert.equal(depthOf(steps, "first", "first"), 0);
  assert.equal(depthOf(steps, "elsewhere", "first"), null);
  const linked = addStep(new Map(), "second", "third");
  assert.deepEqual([...addStep(linked, "third", "second")], [["third", "second"]]);
  for (let i = 0; i < 300; i++) steps = addStep(steps, `${i}`, `${i + 1}`);
  assert.equal(steps.size, 200);
});

function textOf({ transcript }: OutputFeed): string {
  return transcript.rows(0, transcript.closed).map(({ spans }) => plainText(spans)).join("|");
}

Deno.test("OutputFeed takes megabytes in portions, in order", async () => {
  const feed = new OutputFeed();
  const text = Array.from({ length: 40_000 }, (_, i) => `line ${i} ${"x".repeat(20)}`).join("\n");
  feed.take({ attempt: 1, pieces: [{ time: null, stream: "stdout", text: `${text}\n` }] });
  assert.ok(feed.transcript.closed < 40_000, "it was all read at once");
  feed.take({
    attempt: 1,
    pieces: [{ time: null, stream: "stdout", text: "last\n" }],
    ended: true,
  });
  await new Promise<void>((resolve) => {
    feed.version.subscribe(() => {
      if (feed.transcript.closed === 40_001) resolve();
    });
  });
  assert.equal(textOf(feed), `${text.replaceAll("\n", "|")}|last`);
});

Deno.test("OutputFeed begins anew with another attempt", () => {
  const feed = new OutputFeed();
  feed.take({ attempt: 1, pieces: [{ time: null, stream: "stdout", text: "one\n" }], ended: true });
  feed.take({ attempt: 2, pieces: [{ time: null, stream: "stdout", text: "two\n" }] });
  assert.equal(textOf(feed), "two");
  assert.equal(feed.attempt, 2);
});
