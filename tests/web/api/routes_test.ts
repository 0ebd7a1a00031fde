import { deepStrictEqual, ok } from "node:assert/strict";
import { ROUTES } from "../../../src/web/api/routes.ts";
import { Contract } from "./contract.ts";
import { BULK_SCENARIOS } from "./scenarios/bulk.ts";
import { ENQUEUE_SCENARIOS } from "./scenarios/enqueue.ts";
import { JOB_SCENARIOS } from "./scenarios/jobs.ts";
import { LIST_SCENARIOS } from "./scenarios/lists.ts";
import { SCHEDULE_SCENARIOS } from "./scenarios/schedules.ts";
import type { Scenarios } from "./scenarios/scenario.ts";

const SCENARIOS: Scenarios = {
  ...JOB_SCENARIOS,
  ...ENQUEUE_SCENARIOS,
  ...BULK_SCENARIOS,
  ...LIST_SCENARIOS,
  ...SCHEDULE_SCENARIOS,
};

Deno.test("every route gives what the OpenAPI document says, and no other", async (t) => {
  const seen = new Map<string, Set<number>>();
  for (const [title, scenario] of Object.entries(SCENARIOS)) {
    await t.step(title, async () => {
      await using api = await Contract.open({}, seen);
      await scenario(api);
    });
  }
  await t.step("each good answer and each refusal of its own was given", () => {
    const missing = ROUTES.flatMap(({ name, responses, errors }) =>
      [...Object.keys(responses).map(Number), ...errors]
        .filter((status) => !seen.get(name)?.has(status))
        .map((status) => `${name} ${status}`)
    );
    deepStrictEqual(missing, []);
    ok(seen.size === ROUTES.length);
  });
});

Deno.test("a read-only dashboard refuses every route that writes, and changes nothing", async () => {
  await using api = await Contract.open({ readOnly: true });
  await api.queue.add("job1");
  const before = JSON.stringify(await api.queue.store.job("job1"));
  for (const { method, path, writes, body } of ROUTES) {
    const filled = path.replace("/api", "").replace(/\{\w+\}/, "job1");
    const { status } = await api.ask(method, filled, body === null ? undefined : body.example);
    deepStrictEqual([path, status === 403], [path, writes]);
  }
  deepStrictEqual(JSON.stringify(await api.queue.store.job("job1")), before);
  deepStrictEqual((await api.queue.store.jobs({})).length, 1);
});
