/**
 * The routes about schedules.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Scenarios } from "./scenario.ts";

/** The routes about schedules. */
export const SCHEDULE_SCENARIOS: Scenarios = {
  async "PUT /api/schedules/{name} adds a schedule or takes its place"(api) {
    const put = (status: number, body: unknown) =>
      api.want(status, "PUT", "/schedules/nightly", body);
    const first = await put(201, { cron: "30  2 * * *", timezone: "utc", job: "./backup" });
    deepStrictEqual(first.job, { command: "./backup", cwd: api.queue.directory });
    deepStrictEqual([first.cron, first.next.length, first.next[0]], [
      "30 2 * * *",
      5,
      first.next_at,
    ]);
    const second = await put(200, {
      cron: "@hourly",
      catchUp: "one",
      overlap: "skip",
      job: { cmd: "true", maxRetries: 1, env: { SECRET: "s3cret" }, state: "pending", id: null },
    });
    deepStrictEqual([second.catch_up, second.overlap, second.job], [
      "one",
      "skip",
      { command: "true", max_retries: 1, cwd: api.queue.directory, env: ["SECRET"] },
    ]);
    const refused = (body: object, field: string) =>
      api.refused(400, ["PUT", "/schedules/nightly", body], { field });
    await refused({ job: "x" }, "cron");
    await refused({ cron: "@daily" }, "job");
    await refused({ cron: "* * * *", job: "x" }, "cron");
    await refused({ cron: "0 0 30 2 *", job: "x" }, "cron");
    await refused({ cron: "@daily", timezone: "Mars", job: "x" }, "timezone");
    await refused({ cron: "@daily", job: { command: "x", id: "y" } }, "id");
    await refused({ cron: "@daily", job: { command: "x", after: ["y"] } }, "after");
    await refused({ cron: "@daily", job: { command: "x", runAt: "2030-01-31T18:00Z" } }, "run_at");
    await refused({ cron: "@daily", job: { command: "" } }, "command");
    await refused({ cron: "@daily", job: ["x"] }, "job");
    await refused({ cron: "@daily", job: "x", overlap: "maybe" }, "overlap");
    await api.refused(400, ["PUT", "/schedules/-x", { cron: "@daily", job: "x" }], {
      field: "name",
    });
    strictEqual((await api.want(200, "GET", "/schedules")).length, 1);
  },

  async "a schedule can be paused, resumed, run and removed"(api) {
    const job = { command: "true", unique_key: "k" };
    await api.want(201, "PUT", "/schedules/s", { cron: "@daily", job });
    const paused = await api.want(200, "POST", "/schedules/s/pause");
    deepStrictEqual([paused.paused, paused.next_at, paused.next], [true, null, []]);
    const ran = await api.want(201, "POST", "/schedules/s/run");
    deepStrictEqual([ran.schedule, ran.command, ran.state], ["s", "true", "pending"]);
    await api.refused(409, ["POST", "/schedules/s/run"], { field: "unique_key" });
    const resumed = await api.want(200, "POST", "/schedules/s/resume");
    deepStrictEqual([resumed.paused, resumed.next.length], [false, 5]);
    strictEqual((await api.want(200, "POST", "/schedules/s/resume")).paused, false);
    for (
      const [method, path] of [["POST", "/pause"], ["POST", "/resume"], ["POST", "/run"], [
        "DELETE",
        "",
      ]] as const
    ) {
      await api.refused(404, [method, `/schedules/t${path}`], {
        message: /^There is no schedule "t"/,
      });
    }
    deepStrictEqual(await api.want(200, "DELETE", "/schedules/s"), { name: "s", deleted: true });
    deepStrictEqual(await api.want(200, "GET", "/schedules"), []);
    strictEqual((await api.want(200, "GET", "/jobs")).total, 1);
  },

  async "a schedule runs as often as somebody asks, also in one moment"(api) {
    await api.want(201, "PUT", "/schedules/s", { cron: "* * * * * *", job: "true" });
    const asked = Array.from({ length: 20 }, () => api.want(201, "POST", "/schedules/s/run"));
    const times = (await Promise.all(asked)).map((job) => job.fire_time);
    strictEqual(new Set(times).size, 20);
    strictEqual(times.some((time) => time.endsWith(".000Z")), false);
  },
};
