import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { Events, type WorkerEvent } from "../../src/observe/events.ts";
import type { EndedFilter } from "../../src/store/store.ts";
import { Retention, RETENTION_BATCH } from "../../src/worker/retention.ts";
import { waitFor } from "../helpers/wait_for.ts";

const NOW = 1_700_000_000_000;

interface Call extends EndedFilter {
  readonly limit: number | undefined;
  readonly at: number;
}

/** A retention on a store that removes what `answer` says. */
function retain(
  keep: { completed?: number; cancelled?: number; dead?: number },
  answer: (call: Call) => number,
  interval = 60_000,
  isHurried = true,
) {
  const calls: Call[] = [];
  const said: WorkerEvent[] = [];
  const events = new Events();
  events.subscribe((event) => said.push(event));
  let woken = 0;
  const store = {
    // deno-lint-ignore require-await -- what it throws is a rejection
    async removeEnded(filter: EndedFilter, limit?: number): Promise<number> {
      const call = { ...filter, limit, at: performance.now() };
      calls.push(call);
      return answer(call);
    },
  };
  const config = {
    retentionCompleted: keep.completed ?? null,
    retentionCancelled: keep.cancelled ?? null,
    retentionDead: keep.dead ?? null,
  };
  const retention = new Retention({
    store,
    events,
    config,
    isHurried,
    wake: () => woken++,
    interval,
  });
  return {
    retention,
    calls,
    said,
    woken: () => woken,
    [Symbol.asyncDispose]: () => retention[Symbol.asyncDispose](),
  };
}

Deno.test("Retention removes a batch of each state by the store's clock, and no more", async () => {
  await using it = retain({ completed: 1000, dead: 3_600_000 }, () => 3);
  assert.equal(it.retention.hasRun, false);
  it.retention.tick(NOW);
  await waitFor(() => it.retention.hasRun);
  it.retention.tick(NOW + 1000);
  assert.deepEqual(
    it.calls.map(({ states, limit }) => [...states, limit]),
    [["completed", 500], ["dead", 500]],
  );
  const [completed, dead] = it.calls;
  assert.ok(Math.abs(completed!.before - (NOW - 1000)) < 500);
  assert.ok(Math.abs(dead!.before - (NOW - 3_600_000)) < 500);
  assert.equal(it.woken(), 1);
});

Deno.test("Retention goes on with a short pause while batches come back full", async () => {
  let left = 3;
  await using it = retain(
    { completed: 0, cancelled: 0 },
    ({ states }) => states[0] === "completed" && left-- > 0 ? RETENTION_BATCH : 0,
  );
  it.retention.tick(NOW);
  await waitFor(() => it.calls.length === 5);
  assert.deepEqual(it.calls.map(({ states }) => states[0]), [
    "completed",
    "cancelled",
    "completed",
    "completed",
    "completed",
  ]);
  const times = it.calls.map(({ at }) => at);
  assert.ok(times[2]! - times[1]! >= 99, "ticks have their turn in between");
});

Deno.test("Retention looks again after an interval", async () => {
  await using it = retain({ completed: 0 }, () => 0, 20);
  it.retention.tick(NOW);
  await waitFor(() => it.calls.length >= 3);
  assert.ok(it.calls[2]!.before > it.calls[0]!.before, "the clock goes on between ticks");
});

Deno.test("Retention lets a worker begin in peace, where nobody waits for it", async () => {
  await using it = retain({ completed: 0 }, () => 0, 60_000, false);
  const begun = performance.now();
  it.retention.tick(NOW);
  await waitFor(() => it.calls.length === 1);
  assert.ok(it.calls[0]!.at - begun >= 999);
});

Deno.test("Retention survives a store that is away, and says so once", async () => {
  let isAway = true;
  await using it = retain({ completed: 0 }, () => {
    if (isAway) throw new StoreError("The store is away");
    return 0;
  }, 10);
  it.retention.tick(NOW);
  await waitFor(() => it.calls.length >= 3);
  assert.equal(it.retention.hasRun, true);
  isAway = false;
  const { length } = it.calls;
  await waitFor(() => it.calls.length >= length + 2);
  assert.deepEqual(it.said, [{ type: "retention_failed", error: "The store is away" }]);
});

Deno.test("Retention has nothing to do where everything is kept", async () => {
  await using it = retain({}, () => 0);
  assert.equal(it.retention.hasRun, true);
  it.retention.tick(NOW);
  assert.deepEqual(it.calls, []);
});

Deno.test("Retention ends after the removal that is under way, whatever is left", async () => {
  const it = retain({ completed: 0, cancelled: 0 }, () => RETENTION_BATCH);
  it.retention.tick(NOW);
  await it.retention[Symbol.asyncDispose]();
  assert.equal(it.calls.length, 1);
});
