/**
 * The routes that act on many jobs.
 *
 * @module
 */

import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Contract } from "../contract.ts";
import type { Scenarios } from "./scenario.ts";

async function addDead(api: Contract, count: number): Promise<void> {
  await api.queue.join();
  for (let i = 0; i < count; i++) {
    await api.queue.ran(
      { id: `dead${i}`, maxRetries: 0, tags: [i % 2 ? "odd" : "even"] },
      1 + i % 2,
    );
  }
}

/** The routes that act on many jobs. */
export const BULK_SCENARIOS: Scenarios = {
  async "POST /api/jobs/bulk acts on each id by itself"(api) {
    await addDead(api, 2);
    await api.queue.add("a");
    const ids = ["dead0", "a", "nope", "dead0"];
    const { acted, refused, results } = await api.want(200, "POST", "/jobs/bulk", {
      action: "retry",
      ids,
    });
    deepStrictEqual([acted, refused], [1, 2]);
    deepStrictEqual(results, [
      { id: "dead0", ok: true, error: null },
      {
        id: "a",
        ok: false,
        error:
          "Job a is pending: only jobs that are dead or cancelled or failed or completed can " +
          "be retried",
      },
      { id: "nope", ok: false, error: "There is no job nope" },
    ]);
  },

  async "POST /api/jobs/bulk works a filter off, and never acts on more than was expected"(api) {
    await addDead(api, 9);
    const bulk = (body: object) => api.want(200, "POST", "/jobs/bulk", body);
    const filter = { state: "dead", tag: "even" };
    deepStrictEqual(await bulk({ action: "retry", filter, expected: 3 }), {
      acted: 3,
      refused: 0,
      more: true,
    });
    deepStrictEqual(await bulk({ action: "retry", filter, expected: 0 }), {
      acted: 0,
      refused: 0,
      more: false,
    });
    deepStrictEqual(await bulk({ action: "retry", filter, expected: 2 }), {
      acted: 2,
      refused: 0,
      more: false,
    });
    deepStrictEqual(await bulk({ action: "cancel", filter: {}, expected: 100 }), {
      acted: 5,
      refused: 0,
      more: false,
    });
    deepStrictEqual(await bulk({ action: "delete", filter: { error: "exit code 2" } }), {
      acted: 4,
      refused: 0,
      more: false,
    });
    strictEqual((await api.want(200, "GET", "/jobs")).total, 5);
  },

  async "POST /api/jobs/bulk refuses what is not clear, and does nothing then"(api) {
    await addDead(api, 2);
    const refused = (body: unknown, field: string) =>
      api.refused(400, ["POST", "/jobs/bulk", body], { field });
    await refused({ action: "retry" }, "ids");
    await refused({ action: "retry", ids: ["dead0"], filter: {} }, "ids");
    await refused({ action: "retry", ids: [] }, "ids");
    await refused({ action: "retry", ids: ["dead0", "dead1"], expected: 1 }, "expected");
    await refused({ action: "retry", filter: {}, expected: -1 }, "expected");
    await refused({ action: "purge", filter: {} }, "action");
    await refused({ filter: {} }, "action");
    await refused({ action: "retry", filter: { stat: "dead" } }, "filter");
    await refused({ action: "retry", filter: { state: ["dad"] } }, "filter");
    // Neither means all jobs.
    await refused({ action: "delete", filter: [] }, "filter");
    await refused({ action: "delete", filter: { state: [] } }, "filter");
    await refused({ action: "retry", filter: null, ids: null }, "ids");
    strictEqual((await api.want(200, "GET", "/jobs?state=dead")).total, 2);
  },

  async "GET /api/dlq/groups and POST /api/dlq/purge"(api) {
    await addDead(api, 5);
    await api.queue.add("a");
    const groups = await api.want(200, "GET", "/dlq/groups");
    deepStrictEqual(
      groups.map(({ error, count }: Record<string, unknown>) => [error, count]),
      [["exit code 1", 3], ["exit code 2", 2]],
    );
    strictEqual((await api.want(200, "GET", "/dlq/groups?limit=1")).length, 1);
    await api.refused(400, ["GET", "/dlq/groups?limit=x"], { field: "limit" });
    const purge = (body: object) => api.want(200, "POST", "/dlq/purge", body);
    await api.refused(400, ["POST", "/dlq/purge", {}], { message: /^Say which jobs to purge/ });
    await api.refused(400, ["POST", "/dlq/purge", { all: true, older_than: 1 }]);
    await api.refused(400, ["POST", "/dlq/purge", { all: false }], { field: "all" });
    await api.refused(400, ["POST", "/dlq/purge", { older_than: "soon" }], { field: "older_than" });
    deepStrictEqual(await purge({ older_than: "1d" }), { purged: 0 });
    deepStrictEqual(await purge({ error: null }), { purged: 0 });
    deepStrictEqual(await purge({ error: "exit code 2" }), { purged: 2 });
    deepStrictEqual(await purge({ ids: ["dead0", "a", "nope"] }), {
      purged: 1,
      results: [
        { id: "dead0", ok: true, error: null },
        { id: "a", ok: false, error: "Job a is pending, not dead" },
        { id: "nope", ok: false, error: "There is no job nope" },
      ],
    });
    deepStrictEqual(await purge({ all: true }), { purged: 2 });
    strictEqual((await api.want(200, "GET", "/jobs")).total, 1);
  },
};
