import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ConflictError } from "../../src/errors.ts";
import type { Progress } from "../../src/job/job.ts";
import type { AttemptRef } from "../../src/store/tick.ts";
import { runFake } from "./fake_system.ts";
import { Queue } from "./queue.ts";

const IN_A_JOB = {
  QUEUECTL_JOB_ID: "job",
  QUEUECTL_ATTEMPT_TOKEN: "token",
  QUEUECTL_DB: "/srv/q.db",
};

/** Runs `progress ARGS` inside a job; what the store hears. */
async function report(args: readonly string[], env: Readonly<Record<string, string>> = IN_A_JOB) {
  const heard: [AttemptRef, Progress][] = [];
  const store = {
    reportProgress: (attempt: AttemptRef, progress: Progress) => {
      heard.push([attempt, progress]);
      return Promise.resolve();
    },
  };
  return { ...await runFake(["progress", ...args], { env, store }), heard };
}

Deno.test("progress tells the store of the job in which it runs", async () => {
  const { code, stdout, stderr, heard, opened } = await report(["40", "encoding\n\x1b[2J"]);
  deepStrictEqual({ code, stdout, stderr }, { code: 0, stdout: "", stderr: "" });
  deepStrictEqual(opened, [{ location: "/srv/q.db", create: false }]);
  deepStrictEqual(heard, [
    [{ jobId: "job", token: "token" }, { percent: 40, message: "encoding\n\x1b[2J" }],
  ]);
});

Deno.test("progress reads 0 to 100, with or without %", async () => {
  for (
    const [text, percent] of [["0", 0], ["100", 100], ["40%", 40], ["99.5 %", 99.5], [".5", 0.5]]
  ) {
    const { heard } = await report([String(text)]);
    deepStrictEqual(heard.map(([, progress]) => progress), [{ percent, message: null }]);
  }
  for (const text of ["-1", "101", "100.1", "", "%", "half", "1e1", "NaN", "Infinity", "0x10"]) {
    const { code, stderr, heard } = await report([text]);
    deepStrictEqual([code, heard], [2, []], text);
    match(stderr, /PERCENT must be a number from 0 to 100, not "/);
  }
});

Deno.test("progress takes a message of 200 characters and no more", async () => {
  const longest = "é".repeat(199) + "😀";
  const { heard } = await report(["1", longest]);
  strictEqual(heard[0]?.[1].message, longest);
  const longer = await report(["1", longest + "."]);
  deepStrictEqual([longer.code, longer.heard], [2, []]);
  match(longer.stderr, /MESSAGE is longer than 200 characters/);
  strictEqual((await report(["1", ""])).heard[0]?.[1].message, null);
  strictEqual((await report(["1", "two", "words"])).code, 2);
});

Deno.test("progress outside a job is 2 and opens no store", async () => {
  for (const missing of ["QUEUECTL_JOB_ID", "QUEUECTL_ATTEMPT_TOKEN"]) {
    const { code, stderr, opened } = await report(["1"], { ...IN_A_JOB, [missing]: "" });
    deepStrictEqual([code, opened], [2, []]);
    match(stderr, /^queuectl: This is not a job: progress is for commands that a worker runs\n$/);
  }
});

Deno.test("progress of an attempt that does not run any more is 4", async () => {
  const store = { reportProgress: () => Promise.reject(new ConflictError("It has ended")) };
  strictEqual((await runFake(["progress", "1"], { env: IN_A_JOB, store })).code, 4);
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job");
  const claim = await queue.claim();
  await queue.store.reportProgress(claim, { percent: 1, message: null });
  await queue.end(claim, 0);
  const late = await queue.store.reportProgress(claim, { percent: 2, message: null })
    .catch((error) => error);
  ok(late instanceof ConflictError);
});

Deno.test("list, show, explain and JSON carry the progress, escaped where people read it", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job");
  const claim = await queue.claim();
  const progress = { percent: 40, message: "enc\x1b[2Joding" };
  await queue.store.reportProgress(claim, progress);
  match((await queue.cli("list")).stdout, /\b40%/);
  match((await queue.cli("show", "job")).stdout, /40% enc\\x1b\[2Joding/);
  match((await queue.cli("explain", "job")).stdout, /it is at 40% enc\\x1b\[2Joding/);
  for (const args of [["show", "job"], ["explain", "job"]]) {
    const { stdout } = await queue.cli(...args, "--json");
    deepStrictEqual(JSON.parse(stdout).progress, progress);
  }
  deepStrictEqual(JSON.parse((await queue.cli("list", "--json")).stdout)[0].progress, progress);
});
