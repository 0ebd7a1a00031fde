/**
 * The routes that enqueue.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { idsOf, type Scenarios } from "./scenario.ts";

/** The routes that enqueue. */
export const ENQUEUE_SCENARIOS: Scenarios = {
  async "POST /api/jobs enqueues one job"(api) {
    const { cwd, id, state, env } = await api.want(201, "POST", "/jobs", {
      id: "a",
      command: "true",
      env: { LANG: "C" },
    });
    deepStrictEqual([id, state, env, cwd], ["a", "pending", ["LANG"], api.queue.directory]);
    const held = await api.want(201, "POST", "/jobs?hold", { cmd: "true", cwd: "sub/../x" });
    deepStrictEqual([held.state, held.cwd], ["held", `${api.queue.directory}/x`]);
    strictEqual((await api.want(201, "POST", "/jobs", '"date"')).command, "date");
    await api.refused(409, ["POST", "/jobs", { id: "a", command: "date" }], {
      message: "A job with the id a exists already",
      field: "id",
    });
    await api.refused(400, ["POST", "/jobs", { command: "true", timeout: "soon" }], {
      message: /^Invalid job: "timeout" must be a duration/,
      field: "timeout",
    });
    await api.refused(400, ["POST", "/jobs", { comand: "true" }], {
      message: 'Invalid job: unknown key "comand": did you mean "command"?',
      field: "comand",
    });
    await api.refused(400, ["POST", "/jobs", { priority: 1 }], { field: "command" });
    await api.refused(400, ["POST", "/jobs", ""], { message: /^No job given/ });
    await api.refused(400, ["POST", "/jobs", "{"], { message: /^Not valid JSON/ });
    await api.refused(404, ["POST", "/jobs", { command: "true", after: ["nope"] }], {
      message: "There is no job nope to run after",
      field: "after",
    });
    await api.refused(400, ["POST", "/jobs?if_exists=perhaps", { command: "true" }], {
      field: "if_exists",
    });
    strictEqual((await api.want(200, "GET", "/jobs")).total, 3);
  },

  async "POST /api/jobs enqueues many, all or none"(api) {
    const list = [{ id: "a", command: "true", after: ["b"] }, { id: "b", command: "true" }];
    strictEqual(idsOf(await api.want(201, "POST", "/jobs", list)), "a,b");
    deepStrictEqual(await api.want(201, "POST", "/jobs?answer=ids", [{ id: "c", command: "x" }]), [
      "c",
    ]);
    deepStrictEqual(await api.want(201, "POST", "/jobs", []), []);
    const lines = list.map((job) => JSON.stringify({ ...job, id: `${job.id}2`, after: [] }));
    const sent = await api.ask("POST", "/jobs", lines.join("\n"), {
      "content-type": "application/x-ndjson",
    });
    deepStrictEqual([sent.status, idsOf(sent.body)], [201, "a2,b2"]);
    const one = await api.ask("POST", "/jobs", '{"command":"one","id":"one"}', {
      "content-type": "application/x-ndjson; charset=utf-8",
    });
    deepStrictEqual([one.status, idsOf(one.body)], [201, "one"]);
    await api.refused(400, ["POST", "/jobs", [{ command: "x" }, { command: "" }]], {
      message: /^Job 2: "command" is empty/,
      field: "command",
    });
    const bad = await api.ask("POST", "/jobs", '{"command":"x"}\n\n{"command":7}', {
      "content-type": "application/x-ndjson",
    });
    deepStrictEqual([bad.status, bad.body.error.line], [400, 3]);
    const broken = await api.ask("POST", "/jobs", '{"command":"x"\n{"command":"y"}', {
      "content-type": "application/x-ndjson",
    });
    deepStrictEqual([broken.status, broken.body.error.line], [400, 1]);
    const taken = await api.ask("POST", "/jobs", [{ command: "x" }, { command: "x", id: "a" }]);
    deepStrictEqual([taken.status, taken.body.error.line], [409, 2]);
    const circle = [{ id: "x", command: "x", after: ["y"] }, {
      id: "y",
      command: "x",
      after: ["x"],
    }];
    await api.refused(400, ["POST", "/jobs", circle], { message: /circle/, field: "after" });
    strictEqual((await api.want(200, "GET", "/jobs")).total, 6);
  },

  async "POST /api/jobs says what is done about a unique key"(api) {
    const job = { command: "true", unique_key: "k" };
    const { id } = await api.want(201, "POST", "/jobs", job);
    await api.refused(409, ["POST", "/jobs", job], {
      message: /^The unique key "k" is held by job .*: if_exists=return or if_exists=replace$/,
      field: "unique_key",
    });
    strictEqual((await api.want(200, "POST", "/jobs?if_exists=return", job)).id, id);
    strictEqual(idsOf(await api.want(200, "POST", "/jobs?if_exists=return", [job])), id);
    const other = await api.want(201, "POST", "/jobs?if_exists=replace", job);
    ok(other.id !== id);
    strictEqual((await api.want(200, "GET", `/jobs/${id}`)).state, "cancelled");
  },

  async "PUT /api/jobs/{id} enqueues once"(api) {
    const job = {
      command: "true",
      env: { LANG: "C" },
      tags: ["b", "a"],
      timeout: "1m",
      after: ["p"],
      cwd: ".",
      unique_key: "k",
    };
    await api.queue.add("p");
    const first = await api.want(201, "PUT", "/jobs/a%2Fb", job);
    strictEqual(first.id, "a/b");
    deepStrictEqual(await api.want(200, "PUT", "/jobs/a%2Fb", { ...job, id: "a/b" }), first);
    strictEqual((await api.want(200, "PUT", "/jobs/a%2Fb", { command: "true" })).id, "a/b");
    await api.refused(409, ["PUT", "/jobs/a%2Fb", { ...job, command: "false" }], {
      message: "A job with the id a/b exists already, and its command is another one",
      field: "command",
    });
    await api.refused(409, ["PUT", "/jobs/a%2Fb", { ...job, env: {} }], { field: "env" });
    await api.refused(409, ["PUT", "/jobs/a%2Fb", { ...job, cwd: "x" }], { field: "cwd" });
    await api.refused(400, ["PUT", "/jobs/a%2Fb", { ...job, id: "c" }], { field: "id" });
    await api.refused(400, ["PUT", "/jobs/c", { command: 7 }], { field: "command" });
    await api.refused(400, ["PUT", "/jobs/c", "[]"]);
    await api.refused(400, ["PUT", "/jobs/-c", "{}"], { field: "id" });
    await api.refused(404, ["PUT", "/jobs/c", { command: "x", after: ["nope"] }], {
      field: "after",
    });
    await api.refused(409, ["PUT", "/jobs/c", { command: "x", unique_key: "k" }], {
      field: "unique_key",
    });
    const holder = await api.want(200, "PUT", "/jobs/c?if_exists=return", {
      command: "x",
      unique_key: "k",
    });
    strictEqual(holder.id, "a/b");
    // Two at the same time are one.
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.ask("PUT", "/jobs/d", job.tags.length && { cmd: "d" })),
    );
    const statuses = answers.map(({ status }) => status).sort();
    deepStrictEqual(statuses, [...Array(9).fill(200), 201]);
  },

  async "a body of another type, or with a trace"(api) {
    const form = await api.ask("POST", "/jobs", "command=x", {
      "content-type": "application/x-www-form-urlencoded",
    });
    deepStrictEqual([form.status, form.body.error.code], [415, "unsupported_type"]);
    const lines = await api.ask("PUT", "/jobs/a", "{}", { "content-type": "application/x-ndjson" });
    strictEqual(lines.status, 415);
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const traced = await api.ask("POST", "/jobs", { id: "t", command: "x" }, {
      traceparent: trace,
    });
    deepStrictEqual(traced.body.env, ["TRACEPARENT"]);
    const own = { command: "x", env: { TRACEPARENT: "mine", A: "1" } };
    const kept = await api.ask("POST", "/jobs", own, { traceparent: trace });
    deepStrictEqual(kept.body.env, ["TRACEPARENT", "A"]);
    // Who asks again may do so in another trace, or in none.
    const put = [{ command: "x", env: { A: "1" } }, { traceparent: trace }] as const;
    strictEqual((await api.ask("PUT", "/jobs/u", ...put)).status, 201);
    strictEqual((await api.ask("PUT", "/jobs/u", put[0])).status, 200);
    await api.queue.join();
    strictEqual((await api.queue.claim()).env.TRACEPARENT, trace);
  },
};
