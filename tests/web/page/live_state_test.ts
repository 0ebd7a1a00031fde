import { deepEqual, equal, ok } from "node:assert/strict";
import {
  connected,
  type LiveState,
  NOTHING,
  reduce,
  waitBefore,
  withQueue,
} from "../../../src/web/page/live_state.ts";
import type { QueueJson } from "../../../src/web/page/shapes.ts";

function after(...events: readonly [event: string, value: unknown][]): LiveState {
  return events.reduce(
    (state, [event, value]) => reduce(state, { event, data: JSON.stringify(value) }),
    NOTHING,
  );
}

Deno.test("reduce() keeps the newest status, statistics and revision", () => {
  const state = after(
    ["status", { store: "a" }],
    ["status", { store: "b" }],
    ["statistics", { hour: 1 }],
    ["changed", { revision: "1.7" }],
  );
  deepEqual(state.status, { store: "b" });
  deepEqual(state.statistics, { hour: 1 });
  equal(state.revision, "1.7");
});

Deno.test("reduce() knows why the store is away until it is back", () => {
  const away = after(["store", { ok: false, message: "It is locked" }]);
  equal(away.storeProblem, "It is locked");
  equal(reduce(away, { event: "store", data: '{"ok":true}' }).storeProblem, null);
  equal(reduce(away, { event: "status", data: "{}" }).storeProblem, null);
  equal(reduce(away, { event: "changed", data: '{"revision":1}' }).storeProblem, "It is locked");
});

Deno.test("reduce() leaves the state alone at what it does not understand", () => {
  const state = after(["status", { store: "a" }]);
  for (const data of ["", "{", "null", "7"]) equal(reduce(state, { event: "status", data }), state);
  equal(reduce(state, { event: "other", data: "{}" }), state);
});

Deno.test("connected() counts failures in a row", () => {
  const twice = connected(connected(NOTHING, "away"), "away");
  equal(twice.failures, 2);
  equal(connected(twice, "asleep").failures, 2);
  deepEqual(connected(twice, "open"), { ...NOTHING, connection: "open" });
});

Deno.test("waitBefore() grows twofold up to its limit, and differs from page to page", () => {
  deepEqual([1, 2, 3, 4].map((failures) => waitBefore(failures, 0.5)), [500, 1000, 2000, 4000]);
  equal(waitBefore(1000, 0.5), 10_000);
  ok(waitBefore(3, 0) < waitBefore(3, 1));
  ok(waitBefore(1, 0) >= 250);
});

Deno.test("withQueue() shows a queue as it is now, and invents none", () => {
  const state = after(["status", { queues: [{ name: "a", paused: false }, { name: "b" }] }]);
  const paused = { name: "a", paused: true } as QueueJson;
  deepEqual(withQueue(state, paused).status?.queues, [paused, { name: "b" }]);
  deepEqual(withQueue(state, { ...paused, name: "c" }).status?.queues, state.status?.queues);
  equal(withQueue(NOTHING, paused), NOTHING);
});
