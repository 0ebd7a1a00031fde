/**
 * The routes about jobs.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { START } from "../../../cli/queue.ts";
import { idsOf, type Scenarios } from "./scenario.ts";

/** The routes about jobs. */
export const JOB_SCENARIOS: Scenarios = {
  async "GET /api/jobs lists jobs, a page at a time"(api) {
    await api.queue.join();
    await api.queue.add("a", "b", { id: "c", queue: "mail", tags: ["x"] });
    await api.queue.ran({ id: "d", priority: 9, maxRetries: 0, command: "Grep it" }, 1);
    const list = async (query: string) => (await api.want(200, "GET", `/jobs?${query}`)).jobs;
    const first = await api.want(200, "GET", "/jobs?limit=3");
    deepStrictEqual([idsOf(first.jobs), first.total, first.searched_to], ["d,c,b", 4, null]);
    const second = await api.want(200, "GET", `/jobs?limit=3&cursor=${first.next}`);
    deepStrictEqual([idsOf(second.jobs), second.next], ["a", null]);
    strictEqual(idsOf(await list("sort=oldest&state=pending,dead")), "a,b,c,d");
    strictEqual(idsOf(await list("queue=mail")), "c");
    strictEqual(idsOf(await list("tag=x&text=")), "c");
    strictEqual(idsOf(await list("text=gREP")), "d");
    strictEqual(idsOf(await list("error=exit+code+1")), "d");
    strictEqual(idsOf(await list("state=dead&sort=finished")), "d");
    await api.refused(400, ["GET", "/jobs?limit=0"], {
      message: '"limit" must be an integer from 1 to 1000, not "0"',
      field: "limit",
    });
    await api.refused(400, ["GET", "/jobs?state=dad"], { message: /did you mean/, field: "state" });
    await api.refused(400, ["GET", "/jobs?sort=size"], { field: "sort" });
    await api.refused(400, ["GET", "/jobs?cursor=~~"], { message: /cursor/ });
    await api.refused(400, ["GET", "/jobs?limt=1"], {
      message: 'Unknown parameter "limt", did you mean "limit"?',
      field: "limt",
    });
    await api.refused(400, ["GET", "/jobs?queue=a&queue=b"], {
      message: '"queue" is given twice',
      field: "queue",
    });
  },

  async "GET /api/jobs/{id} gives the job with exactly this id, and its attempts"(api) {
    await api.queue.join();
    await api.queue.ran({ id: "a/b:c", tags: ["ü"], maxRetries: 0 }, 7);
    const job = await api.want(200, "GET", "/jobs/a%2Fb%3Ac");
    deepStrictEqual([job.id, job.tags, job.state], ["a/b:c", ["ü"], "dead"]);
    strictEqual(job.attempt_log[0].exit_code, 7);
    await api.refused(404, ["GET", "/jobs/nope"], { message: "There is no job nope" });
    // The command line would take this beginning.
    await api.refused(404, ["GET", "/jobs/a%2Fb%3A"]);
    await api.refused(404, ["GET", "/jobs/%FF%00%E2%80%AE"]);
    await api.refused(400, ["GET", "/jobs/a?x=1"], { field: "x" });
  },

  async "PATCH /api/jobs/{id} changes what it names"(api) {
    await api.queue.add({ id: "a", timeout: 1000 }, "b");
    const changed = await api.want(200, "PATCH", "/jobs/a", {
      priority: "high",
      timeout: null,
      maxRetries: 9,
      command: "date",
      queue: "mail",
    });
    const { priority, timeout, max_retries, command, queue, state } = changed;
    deepStrictEqual(
      { priority, timeout, max_retries, command, queue, state },
      {
        priority: 10,
        timeout: null,
        max_retries: 9,
        command: "date",
        queue: "mail",
        state: "pending",
      },
    );
    const later = await api.want(200, "PATCH", "/jobs/a", { delay: "1h" });
    deepStrictEqual(
      [later.state, later.run_at],
      ["scheduled", new Date(START + 3_600_000).toISOString()],
    );
    await api.refused(400, ["PATCH", "/jobs/a", {}], { message: /^Say what to change/ });
    await api.refused(400, ["PATCH", "/jobs/a", { priority: 1001 }], {
      message: '"priority" must be an integer from -1000 to 1000, or low, normal or high',
      field: "priority",
    });
    await api.refused(400, ["PATCH", "/jobs/a", { maxRetries: 1, max_retries: 2 }], {
      message: '"maxRetries" and "max_retries" are the same key: give it once',
    });
    await api.refused(400, ["PATCH", "/jobs/a", { delay: 1, run_at: "2030-01-31T18:00Z" }], {
      field: "run_at",
    });
    await api.refused(400, ["PATCH", "/jobs/a", { tags: [] }], { field: "tags" });
    await api.refused(400, ["PATCH", "/jobs/a", "[]"], { message: /must be a JSON object/ });
    await api.refused(404, ["PATCH", "/jobs/c", { priority: 1 }]);
    await api.queue.join();
    await api.queue.claim();
    await api.refused(409, ["PATCH", "/jobs/b", { priority: 1 }], {
      message: /only a job that waits/,
    });
  },

  async "POST /api/jobs/{id}/retry runs a job again"(api) {
    await api.queue.join();
    await api.queue.ran({ id: "a", maxRetries: 0, uniqueKey: "k" }, 1);
    const { state, attempts, attempt_log } = await api.want(200, "POST", "/jobs/a/retry");
    deepStrictEqual([state, attempts, attempt_log.length], ["pending", 0, 1]);
    await api.refused(409, ["POST", "/jobs/a/retry"], { message: /^Job a is pending: only jobs/ });
    await api.refused(404, ["POST", "/jobs/b/retry"]);
    await api.want(200, "POST", "/jobs/a/cancel");
    await api.queue.add({ id: "holder", uniqueKey: "k" });
    await api.refused(409, ["POST", "/jobs/a/retry"], { message: /before job holder has ended/ });
  },

  async "POST /api/jobs/{id}/cancel cancels at once, or asks the worker"(api) {
    await api.queue.add("a", "b", "c");
    await api.queue.join();
    const running = await api.queue.claim();
    strictEqual((await api.want(200, "POST", "/jobs/b/cancel")).state, "cancelled");
    strictEqual((await api.want(200, "POST", "/jobs/b/cancel")).state, "cancelled");
    strictEqual((await api.want(202, "POST", "/jobs/a/cancel")).state, "processing");
    await api.queue.end(running, { kind: "cancelled", exitCode: null });
    strictEqual((await api.want(200, "POST", "/jobs/a/cancel")).state, "cancelled");
    await api.queue.end(await api.queue.claim(), 0);
    await api.refused(409, ["POST", "/jobs/c/cancel"], { message: "Job c is completed already" });
    await api.refused(404, ["POST", "/jobs/d/cancel"]);
  },

  async "POST /api/jobs/{id}/release lets a held job go"(api) {
    await api.queue.add({ id: "a", held: true });
    strictEqual((await api.want(200, "POST", "/jobs/a/release")).state, "pending");
    await api.refused(409, ["POST", "/jobs/a/release"]);
    await api.refused(404, ["POST", "/jobs/b/release"]);
  },

  async "DELETE /api/jobs/{id} deletes a job for good"(api) {
    await api.queue.add("a", "b");
    deepStrictEqual(await api.want(200, "DELETE", "/jobs/b"), { id: "b", deleted: true });
    await api.refused(404, ["DELETE", "/jobs/b"]);
    await api.queue.join();
    await api.queue.claim();
    await api.refused(409, ["DELETE", "/jobs/a"], { message: /^Job a runs/ });
    strictEqual((await api.want(200, "GET", "/jobs")).total, 1);
  },

  async "GET /api/jobs/{id}/explain says why a job is not running"(api) {
    await api.queue.add("a");
    const { reason, text } = await api.want(200, "GET", "/jobs/a/explain");
    deepStrictEqual([reason, text], ["no_worker", "Job a is pending: no worker is running"]);
    await api.refused(404, ["GET", "/jobs/b/explain"]);
  },

  async "GET /api/jobs/{id}/output gives what a job wrote"(api) {
    await api.queue.join();
    await api.queue.ran("a", 0, ["stdout", "out\n"], ["stderr", "err\n"]);
    await api.queue.add("b");
    strictEqual(await api.want(200, "GET", "/jobs/a/output"), "out\nerr\n");
    strictEqual(await api.want(200, "GET", "/jobs/a/output?stream=stderr&attempt=1"), "err\n");
    const pieces = await api.want(200, "GET", "/jobs/a/output?format=json");
    deepStrictEqual(
      pieces.map(({ stream, text }: Record<string, string>) => [stream, text]),
      [["stdout", "out\n"], ["stderr", "err\n"]],
    );
    strictEqual(await api.want(200, "GET", "/jobs/b/output"), "");
    strictEqual(await api.want(200, "GET", "/jobs/a/output?follow"), "out\nerr\n");
    await api.refused(404, ["GET", "/jobs/c/output"]);
    await api.refused(404, ["GET", "/jobs/a/output?attempt=2"], {
      message: "Job a has no attempt 2: so far it has had 1 attempt",
    });
    await api.refused(400, ["GET", "/jobs/a/output?attempt=0"], { field: "attempt" });
    await api.refused(400, ["GET", "/jobs/a/output?stream=in"], { field: "stream" });
    await api.refused(400, ["GET", "/jobs/a/output?follow=perhaps"], { field: "follow" });
  },
};
