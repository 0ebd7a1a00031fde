import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { Events } from "../../src/observe/events.ts";
import { Shutdown } from "../../src/worker/shutdown.ts";

/** A shutdown of a worker that runs 2 jobs, and what it has done. */
function open(grace: number | null = null) {
  const said: string[] = [];
  const events = new Events();
  events.subscribe(({ type }) => said.push(type));
  const shutdown = new Shutdown({
    ...{ events, grace },
    runner: {
      running: 2,
      end: (reason) => said.push(reason),
      kill: () => said.push("kill"),
    },
    self: () => "w1",
    wake: () => said.push("wake"),
  });
  return { shutdown, said };
}

const DRAIN = ["worker_draining", "wake"];
const HAND_BACK = ["worker_handing_back", "hand_back", "wake"];

Deno.test("Shutdown.stop() does more at each request, and never less", () => {
  const { shutdown, said } = open();
  assert.deepEqual([shutdown.isRequested, shutdown.isNow], [false, false]);
  shutdown.stop("drain");
  assert.deepEqual([shutdown.isRequested, shutdown.isNow], [true, false]);
  shutdown.stop("now");
  assert.deepEqual([shutdown.isRequested, shutdown.isNow], [true, true]);
  shutdown.stop("drain");
  shutdown.stop("now");
  assert.deepEqual(said, [...DRAIN, ...HAND_BACK, "wake", "kill", "wake"]);
});

Deno.test("Shutdown.obey() does once what the store says at each tick, and no less than a signal", () => {
  const { shutdown, said } = open();
  for (const request of [null, "drain", "drain", "now", "now", "drain", null] as const) {
    shutdown.obey(request);
  }
  assert.deepEqual(said, [...DRAIN, ...HAND_BACK]);
});

Deno.test("Shutdown.look() hands back once, when the grace of a drain is over", () => {
  const { shutdown, said } = open(0);
  shutdown.look();
  assert.equal(shutdown.graceLeft, Infinity);
  shutdown.stop("drain");
  assert.equal(shutdown.graceLeft, 0);
  shutdown.look();
  shutdown.look();
  assert.deepEqual(said, [...DRAIN, "worker_handing_back", "hand_back"]);
  assert.equal(shutdown.graceLeft, Infinity);
});

Deno.test("Shutdown.look() waits for the grace, or for ever where there is none", () => {
  const [short, none] = [open(60_000), open()];
  for (const { shutdown, said } of [short, none]) {
    shutdown.stop("drain");
    shutdown.look();
    assert.deepEqual(said, DRAIN);
  }
  assert.ok(short.shutdown.graceLeft > 0 && short.shutdown.graceLeft <= 60_000);
  assert.equal(none.shutdown.graceLeft, Infinity);
});

Deno.test("Shutdown.fail() hands back, and keeps the first of several reasons", () => {
  const { shutdown, said } = open();

  shutdown.fail(new StoreError("first"));
  shutdown.fail(new StoreError("second"));
  assert.equal(shutdown.error?.message, "first");
  assert.deepEqual(said, [...HAND_BACK, "kill", "wake"]);
});
