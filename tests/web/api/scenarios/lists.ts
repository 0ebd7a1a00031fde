/**
 * Status, statistics, queues, workers, and the document.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { START } from "../../../cli/queue.ts";
import type { Scenarios } from "./scenario.ts";

/** Status, statistics, queues, workers, and the document. */
export const LIST_SCENARIOS: Scenarios = {
  async "GET /api/status tells how things stand"(api) {
    await api.queue.add("a");
    await api.queue.join();
    const { jobs, workers, oldest_pending_seconds } = await api.want(200, "GET", "/status");
    deepStrictEqual([jobs.pending, workers[0].id, oldest_pending_seconds], [1, "w1", 0]);
  },

  async "GET /api/statistics tells what ended lately"(api) {
    const { queue } = api;
    await queue.join();
    for (const [i, code] of [0, 0, 0, 1].entries()) {
      await queue.add({ id: `a${i}`, maxRetries: 0, queue: i === 0 ? "mail" : "default" });
      const claim = await queue.claim();
      queue.now += 1000;
      await queue.end(claim, code);
    }
    const hour = await api.want(200, "GET", "/statistics");
    const { window_seconds, step_seconds, completed, failed, failure_rate, points } = hour;
    deepStrictEqual(
      { window_seconds, step_seconds, completed, failed, failure_rate, count: points.length },
      {
        window_seconds: 3600,
        step_seconds: 60,
        completed: 3,
        failed: 1,
        failure_rate: 0.25,
        count: 60,
      },
    );
    const last = points.at(-1);
    deepStrictEqual([last.at, last.completed, last.failed], [
      new Date(Math.floor(START / 60_000) * 60_000).toISOString(),
      3,
      1,
    ]);
    const day = await api.want(200, "GET", "/statistics?window=24h&queue=mail");
    deepStrictEqual([day.step_seconds, day.points.length, day.completed, day.failed], [
      900,
      96,
      1,
      0,
    ]);
    const week = await api.want(200, "GET", "/statistics?window=8d");
    deepStrictEqual([week.completed, week.points.length <= 100], [3, true]);
    const none = await api.want(200, "GET", "/statistics?queue=nope");
    deepStrictEqual([none.failure_rate, none.p50_seconds], [null, null]);
    await api.refused(400, ["GET", "/statistics?window=9d"], { field: "window" });
    await api.refused(400, ["GET", "/statistics?window=90s"], { field: "window" });
  },

  async "GET and PATCH /api/queues"(api) {
    await api.queue.add("a");
    const patch = (name: string, body: unknown) => api.want(200, "PATCH", `/queues/${name}`, body);
    const { paused, limit, rate } = await patch("default", {
      paused: true,
      limit: 2,
      rate: "10/60",
    });
    deepStrictEqual([paused, limit, rate], [true, 2, "10/1m"]);
    const freed = await patch("default", { limit: null, rate: "none" });
    deepStrictEqual([freed.paused, freed.limit, freed.rate], [true, null, null]);
    strictEqual((await patch("new", { limit: 1 })).name, "new");
    strictEqual((await api.want(200, "GET", "/queues")).length, 2);
    const refused = (body: unknown, field: string | null) =>
      api.refused(400, ["PATCH", "/queues/default", body], { field });
    await refused({}, null);
    await refused({ paused: "yes" }, "paused");
    await refused({ limit: 0 }, "limit");
    await refused({ limit: "2" }, "limit");
    await refused({ rate: "10" }, "rate");
    await refused({ rate: "0/1m" }, "rate");
    await refused({ pause: true }, "pause");
    await api.refused(404, ["PATCH", "/queues/defalt", { paused: true }], {
      message: 'There is no queue "defalt", did you mean "default"?',
    });
    await api.refused(404, ["PATCH", "/queues/-x", { limit: 1 }]);
  },

  async "GET /api/workers, and what can be asked of one"(api) {
    const { queue } = api;
    await queue.add({ id: "a", command: "sleep 1" });
    await queue.join("w1");
    await queue.join("w2", { gone: true });
    await queue.claim("w1");
    const [busy, lost] = await api.want(200, "GET", "/workers");
    deepStrictEqual([busy.id, busy.jobs, lost.id, lost.state, lost.jobs], [
      "w1",
      [{
        id: "a",
        command: "sleep 1",
        queue: "default",
        attempt: 1,
        started_at: new Date(START).toISOString(),
        progress: null,
      }],
      "w2",
      "lost",
      [],
    ]);
    strictEqual((await api.want(202, "POST", "/workers/w1/scale", { slots: 8 })).jobs.length, 1);
    strictEqual((await queue.store.workers())[0]!.slotsRequest, 8);
    await api.want(202, "POST", "/workers/w1/stop");
    strictEqual((await queue.store.workers())[0]!.stopRequest, "drain");
    await api.want(202, "POST", "/workers/w1/stop", { now: true });
    strictEqual((await queue.store.workers())[0]!.stopRequest, "now");
    await queue.tick({ draining: true });
    await api.refused(409, ["POST", "/workers/w1/scale", { slots: 2 }], {
      message: "w1 is stopping",
    });
    await api.refused(409, ["POST", "/workers/w2/stop", {}], { message: /^w2 has died already/ });
    await api.refused(404, ["POST", "/workers/w/stop", {}], { message: /^There is no worker "w"/ });
    await api.refused(404, ["POST", "/workers/w/scale", { slots: 2 }]);
    await api.refused(400, ["POST", "/workers/w1/scale", {}], { field: "slots" });
    await api.refused(400, ["POST", "/workers/w1/scale", { slots: 1025 }], { field: "slots" });
    await api.refused(400, ["POST", "/workers/w1/stop", { now: 1 }], { field: "now" });
  },

  async "GET /api/openapi.json describes the rest"(api) {
    strictEqual((await api.want(200, "GET", "/openapi.json")).openapi, "3.1.1");
  },

  async "what is not there, or not for this method"(api) {
    const nowhere = await api.ask("GET", "/nope");
    deepStrictEqual([nowhere.status, nowhere.body.error.code], [404, "not_found"]);
    const wrong = await api.ask("DELETE", "/status");
    deepStrictEqual(
      [wrong.status, wrong.body.error.code, wrong.response.headers.get("allow")],
      [405, "method_not_allowed", "GET, HEAD"],
    );
    const head = await api.ask("HEAD", "/status");
    deepStrictEqual([head.status, head.body], [200, ""]);
  },
};
