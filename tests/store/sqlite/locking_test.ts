import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { TickRequest } from "../../../src/store/tick.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { newJob } from "../../job/jobs.ts";
import { closedStore, type Place, refused } from "./place.ts";

/** Milliseconds that the stores of these tests wait; long enough for several tries. */
const PATIENCE = 350;

Deno.test("write: gives up on a foreign writer after a while, without freezing timers", async () => {
  await using place = await closedStore();
  await using store = await place.open({ patience: PATIENCE });
  {
    using _lock = foreignWriter(place);
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    try {
      await refused(() => store.enqueue([newJob("a")]), /locked.*try again/, place.path);
    } finally {
      clearInterval(timer);
    }
    assert.ok(ticks >= 2, `a timer of 1 ms fired ${ticks} times`);
  }
  await store.enqueue([newJob("a")]);
  assert.equal(await store.count({}), 1);
});

Deno.test("write: goes on when a foreign writer ends in time", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  const lock = foreignWriter(place);
  const enqueued = store.enqueue([newJob("a")]);
  // Not before the first try has failed, which blocks for the busy timeout.
  setTimeout(() => lock[Symbol.dispose](), 1);
  await enqueued;
  assert.equal(await store.count({}), 1);
});

Deno.test("read: does not wait for a foreign writer", async () => {
  await using place = await closedStore((store) => store.enqueue([newJob("a")]));
  await using store = await place.open({ create: false, patience: 0 });
  using _lock = foreignWriter(place);
  assert.equal((await store.job("a"))?.id, "a");
  await using another = await place.open({ create: false, patience: 0 });
  assert.equal(await another.count({}), 1);
});

Deno.test("SqliteEngine.open: gives up on a foreign program that shuts all others out", async () => {
  await using place = await closedStore();
  {
    using _lock = foreignWriter(place, "PRAGMA locking_mode = EXCLUSIVE");
    await refused(() => place.open({ patience: PATIENCE }), /locked.*try again/, place.path);
  }
  await using _store = await place.open();
});

Deno.test("write: gives up on a turn that does not come, and takes the next", async () => {
  await using place = await closedStore();
  await using store = await place.open({ patience: PATIENCE });
  {
    using turnstile = Deno.openSync(`${place.path}.d/turnstile`, { write: true });
    turnstile.lockSync(true);
    await refused(() => store.enqueue([newJob("a")]), /locked.*try again/);
  }
  await store.enqueue([newJob("a")]);
  await store.enqueue([newJob("b")]);
  assert.equal(await store.count({}), 2);
});

Deno.test("tick: asks what it brings when its turn has come, once, and not for a turn that does not come", async () => {
  await using place = await closedStore();
  await using store = await place.open({ patience: PATIENCE });
  let asked = 0;
  const request = (): TickRequest => {
    asked++;
    const nothing = { ended: [], output: [], free: [], buried: [], observed: new Map() };
    return { worker: "w", draining: false, ...nothing };
  };
  using turnstile = Deno.openSync(`${place.path}.d/turnstile`, { write: true });
  turnstile.lockSync(true);
  await refused(() => store.tick(request), /locked.*try again/);
  const ticking = store.tick(request);
  {
    using _lock = foreignWriter(place);
    turnstile.unlockSync();
    // It has its turn, and tries again and again to write.
    await waitFor(() => {
      if (!turnstile.tryLockSync(true)) return true;
      turnstile.unlockSync();
      return false;
    });
    assert.equal(asked, 0);
  }
  await ticking;
  assert.equal(asked, 1);
});

Deno.test("write: writers of one handle have their turns in order", async () => {
  await using place = await closedStore();
  await using store = await place.open();
  const ids = Array.from({ length: 50 }, (_, index) => `job-${index}`);
  await Promise.all(ids.map((id) => store.enqueue([newJob(id)])));
  const jobs = await store.jobs({ oldestFirst: true });
  assert.deepEqual(jobs.map(({ id }) => id), ids);
});

/** Another program that has begun to write. */
function foreignWriter(place: Place, pragma = ""): Disposable {
  const connection = new DatabaseSync(place.path);
  connection.exec(`${pragma}; BEGIN IMMEDIATE; UPDATE setting SET value = value`);
  return {
    [Symbol.dispose]() {
      connection.exec("COMMIT");
      connection.close();
    },
  };
}
