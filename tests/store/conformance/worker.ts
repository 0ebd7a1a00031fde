import assert from "node:assert/strict";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, FAILED, idsOf, infoOf, launchers, LOST, type Register } from "../scene.ts";

const HOUR = 3_600_000;

/** Workers: heartbeats, observations, stop requests, the end. */
export function workerTests(test: Register): void {
  test("join: the order of joining does not hang on the clock", async (scene) => {
    await scene.worker("first");
    scene.advance(-HOUR);
    await scene.worker("second");
    const orders = (await scene.store.workers()).map(({ id, joinOrder }) => [id, joinOrder]);
    assert.deepEqual(orders, [["first", 1], ["second", 2]]);
  });

  test("join: each of many that join at once has a place of its own in the order", async (scene) => {
    await Promise.all(Array.from({ length: 8 }, (_, n) => scene.worker(`w${n}`)));
    const orders = (await scene.store.workers()).map(({ joinOrder }) => joinOrder);
    assert.deepEqual(orders, [1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("join: others see the worker as it says it is", async (scene) => {
    const queues = ["a", "b,c"];
    const process = { pid: 4711, startTime: "98765432109876" };
    await scene.worker("w", { host: "näme", hostIdentity: "x/y", process, slots: 7, queues });
    assert.deepEqual(await infoOf(scene.store, "w"), {
      id: "w",
      host: "näme",
      hostIdentity: "x/y",
      process,
      slots: 7,
      queues,
      joinOrder: 1,
      busy: 0,
      state: "running",
      stopRequest: null,
      slotsRequest: null,
      startedAt: scene.now,
      heartbeatAt: scene.now,
      heartbeat: 0,
      unmovedFor: 0,
    });
  });

  test("tick: the heartbeat grows, with the time of the worker's clock", async (scene) => {
    const worker = await scene.worker("w");
    scene.advance(300);
    await worker.tick();
    await worker.tick();
    const info = await infoOf(scene.store, "w");
    assert.deepEqual([info.heartbeat, info.heartbeatAt], [2, scene.now]);
    assert.equal(info.startedAt, scene.now - 300);
  });

  test("beat: a sign of life beside the ticks, of a worker that is there", async (scene) => {
    await scene.worker("w");
    scene.advance(300);
    assert.equal(await scene.store.beat("w"), true);
    const info = await infoOf(scene.store, "w");
    assert.deepEqual([info.heartbeat, info.heartbeatAt], [1, scene.now]);
    assert.equal(await scene.store.beat("nobody"), false);
  });

  test("workers: busy counts the attempts that run", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b"), newJob("c")]);
    const worker = await scene.worker("w");
    const other = await scene.worker("other");
    const claims = await worker.claim(2);
    await other.claim(1);
    const busy = async () => (await scene.store.workers()).map(({ id, busy }) => [id, busy]);
    assert.deepEqual((await busy()).toSorted(), [["other", 1], ["w", 2]]);
    await worker.settle(claims.slice(0, 1), COMPLETED);
    assert.deepEqual((await busy()).toSorted(), [["other", 1], ["w", 1]]);
  });

  test("workers: busy leaves out the attempts that wait behind the slots", async (scene) => {
    const busy = async () => (await infoOf(scene.store, "w")).busy;
    await scene.store.enqueue(["a", "b", "c", "d", "e", "f"].map((id) => newJob(id)));
    const worker = await scene.worker("w", { slots: 2 });
    const { claimed } = await worker.tick({ free: launchers(2), ahead: launchers(2) });
    assert.equal(await busy(), 2);
    // Those that waited have come into the slots.
    await worker.settle(claimed.slice(0, 3), COMPLETED);
    assert.equal(await busy(), 1);
    // What ran when there were more slots goes on.
    await worker.tick({ free: launchers(2) });
    await worker.tick({ slots: 1 });
    assert.equal(await busy(), 2);
  });

  test("tick: peers are all the others", async (scene) => {
    const a = await scene.worker("a");
    await scene.worker("b");
    await scene.worker("c");
    const { peers } = await a.tick();
    assert.deepEqual(peers.map(({ id }) => id).toSorted(), ["b", "c"]);
  });

  test("tick: a brief one is no heartbeat, sees no peers, and does all else", async (scene) => {
    const a = await scene.worker("a");
    const b = await scene.worker("b");
    await b.tick({ slots: 3 });
    const { heartbeat } = await infoOf(scene.store, "b");
    await scene.enqueue("1");
    const observed = new Map([["a", { heartbeat: 0, unmovedFor: 5000 }]]);
    const first = await b.tickBriefly({ free: launchers(1), observed, draining: true, slots: 4 });
    assert.deepEqual([idsOf(first.claimed), first.peers], [["1"], null]);
    await scene.store.requestStop(["b"], "drain");
    const second = await b.tickBriefly({ ended: [b.end(first.claimed[0]!, COMPLETED)] });
    assert.deepEqual([second.settled.length, second.stopRequest], [1, "drain"]);
    const info = await infoOf(scene.store, "b");
    assert.deepEqual([info.heartbeat, info.state, info.slots], [heartbeat, "running", 3]);
    assert.equal((await b.tick()).peers[0]?.unmovedFor, 0);
    await a.tick({ buried: ["b"] });
    assert.equal((await b.tickBriefly()).evicted, true);
  });

  test("tick: draining is shown to others", async (scene) => {
    const worker = await scene.worker("w");
    await worker.tick({ draining: true });
    assert.equal((await infoOf(scene.store, "w")).state, "draining");
  });

  test("leave: the worker is gone", async (scene) => {
    const worker = await scene.worker("w");
    await scene.store.leave("w");
    assert.deepEqual(await scene.store.workers(), []);
    assert.equal((await worker.tick()).evicted, true);
    await scene.store.leave("w");
  });

  test("observed: a still heartbeat adds up by the observer's own time", async (scene) => {
    await scene.worker("still");
    const observer = await scene.worker("observer");
    for (const seconds of [1, 2, 10, 31]) {
      const { peers } = await observer.observe("still", seconds * 1000);
      assert.equal(peers[0]?.unmovedFor, seconds * 1000);
      assert.equal((await infoOf(scene.store, "still")).unmovedFor, seconds * 1000);
    }
  });

  test("observed: jumps of the wall clock do not matter", async (scene) => {
    await scene.worker("still");
    const observer = await scene.worker("observer");
    await observer.observe("still", 5000);
    for (const jump of [HOUR, -2 * HOUR]) {
      scene.advance(jump);
      assert.equal((await observer.tick()).peers[0]?.unmovedFor, 5000);
    }
    await observer.observe("still", 6000);
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 6000);
  });

  test("observed: the next observer goes on from where another ended", async (scene) => {
    await scene.worker("still");
    let total = 0;
    for (const name of ["first", "second", "third"]) {
      const handle = await scene.open();
      const observer = await scene.worker(name, {}, handle);
      const { peers } = await observer.tick();
      const found = peers.find(({ id }) => id === "still")!.unmovedFor;
      assert.equal(found, total);
      total = found + 12_000;
      await observer.observe("still", total);
      await handle.leave(name);
    }
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 36_000);
  });

  test("observed: two observers at once do not add up", async (scene) => {
    await scene.worker("still");
    const observers = [
      await scene.worker("one"),
      await scene.worker("two", {}, await scene.open()),
    ];
    for (let time = 1000; time <= 10_000; time += 1000) {
      for (const observer of observers) await observer.observe("still", time);
    }
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 10_000);
    // One that has seen less does not take anything back.
    await observers[0]!.observe("still", 3000);
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 10_000);
  });

  test("observed: a heartbeat that moves begins at zero", async (scene) => {
    const still = await scene.worker("still");
    const observer = await scene.worker("observer");
    await observer.observe("still", 20_000);
    await still.tick();
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 0);
    assert.equal((await observer.tick()).peers[0]?.unmovedFor, 0);
    await observer.observe("still", 1000);
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 1000);
  });

  test("observed: what was seen of an earlier heartbeat changes nothing", async (scene) => {
    const still = await scene.worker("still");
    const observer = await scene.worker("observer");
    const { heartbeat } = await infoOf(scene.store, "still");
    await still.tick();
    await observer.observeAt("still", { heartbeat, unmovedFor: 40_000 });
    assert.equal((await infoOf(scene.store, "still")).unmovedFor, 0);
  });

  test("observed: a worker that is gone is no error", async (scene) => {
    const observer = await scene.worker("observer");
    const { peers } = await observer.observeAt("gone", { heartbeat: 1, unmovedFor: 1000 });
    assert.deepEqual(peers, []);
  });

  test("buried: only when nothing is left to settle", async (scene) => {
    await scene.store.enqueue([newJob("a"), newJob("b")]);
    const lost = await scene.worker("lost");
    const rescuer = await scene.worker("rescuer");
    const [a, b] = await lost.claim(2);
    await rescuer.tick({ ended: [rescuer.end(a!, LOST)], buried: ["lost"] });
    assert.equal((await infoOf(scene.store, "lost")).busy, 1);
    assert.deepEqual((await scene.store.attemptsOf("lost")).map(({ jobId }) => jobId), ["b"]);
    const { peers } = await rescuer.tick({ ended: [rescuer.end(b!, LOST)], buried: ["lost"] });
    assert.deepEqual(peers, []);
    assert.equal((await scene.store.workers()).length, 1);
    await rescuer.tick({ buried: ["lost"] });
  });

  test("leave: attempts that still run keep the worker in sight", async (scene) => {
    await scene.enqueue("a");
    const worker = await scene.worker("w");
    const claim = await worker.claimOne();
    await scene.store.leave("w");
    assert.equal((await infoOf(scene.store, "w")).busy, 1);
    await worker.settle([claim], FAILED);
    await scene.store.leave("w");
    assert.deepEqual(await scene.store.workers(), []);
  });

  test("requestStop: reaches the workers that are named", async (scene) => {
    const [a, b, c] = [await scene.worker("a"), await scene.worker("b"), await scene.worker("c")];
    await scene.store.requestStop(["a", "c", "nobody"], "drain");
    assert.equal((await a.tick()).stopRequest, "drain");
    assert.equal((await b.tick()).stopRequest, null);
    assert.equal((await c.tick()).stopRequest, "drain");
    assert.equal((await infoOf(scene.store, "a")).stopRequest, "drain");
    await scene.store.requestStop([], "now");
    assert.equal((await b.tick()).stopRequest, null);
  });

  test("requestStop: now after drain, and now is not taken back", async (scene) => {
    const worker = await scene.worker("w");
    for (const [asked, stands] of [["drain", "drain"], ["now", "now"], ["drain", "now"]] as const) {
      await scene.store.requestStop(["w"], asked);
      assert.equal((await worker.tick()).stopRequest, stands);
    }
  });

  test("requestSlots: reaches the workers that are named, until they have so many", async (scene) => {
    const [a, b] = [await scene.worker("a"), await scene.worker("b")];
    await scene.store.requestSlots(["a", "nobody"], 9);
    assert.deepEqual([(await a.tick()).slotsRequest, (await b.tick()).slotsRequest], [9, null]);
    assert.equal((await infoOf(scene.store, "a")).slotsRequest, 9);
    assert.equal((await infoOf(scene.store, "a")).slots, 4);
    await a.tick({ slots: 9 });
    assert.equal((await infoOf(scene.store, "a")).slots, 9);
    await a.tick();
    assert.equal((await infoOf(scene.store, "a")).slots, 9);
    await scene.store.requestSlots(["a", "b"], 1);
    assert.deepEqual([(await a.tick()).slotsRequest, (await b.tick()).slotsRequest], [1, 1]);
    await scene.store.requestSlots([], 5);
    assert.equal((await b.tick()).slotsRequest, 1);
  });

  test("tick: a clock that is set forward and back an hour loses, doubles and evicts nothing", async (scene) => {
    await scene.store.enqueue([
      newJob("running"),
      newJob("due", { delay: 600_000 }),
      newJob("failing", { maxRetries: 1 }),
    ]);
    const worker = await scene.worker("w");
    const observer = await scene.worker("observer", {}, await scene.open());
    const [running, failing] = await worker.claim(2);
    await observer.observe("w", 5000);
    for (const jump of [HOUR, -2 * HOUR, HOUR]) {
      scene.advance(jump);
      const { peers } = await observer.tick();
      assert.deepEqual(peers.map(({ id, unmovedFor }) => [id, unmovedFor]), [["w", 5000]]);
    }
    scene.advance(HOUR);
    assert.equal((await worker.settle([failing!], FAILED)).evicted, false);
    const due = await worker.claimOne();
    assert.deepEqual([due.jobId, await worker.claim(4)], ["due", []]);
    // What waits for a time of the clock waits for it, and is neither lost nor run before.
    scene.advance(-HOUR);
    assert.deepEqual(await worker.claim(4), []);
    const { stale, evicted } = await worker.settle([running!, due], COMPLETED);
    assert.deepEqual([stale, evicted], [[], false]);
    scene.advance(HOUR + 2000);
    assert.equal((await worker.claimOne()).jobId, "failing");
    assert.deepEqual(await worker.claim(4), []);
    assert.deepEqual(await scene.states("running", "due", "failing"), [
      "completed",
      "completed",
      "processing",
    ]);
  });

  test("tick: says what the store's clock is", async (scene) => {
    const worker = await scene.worker("w");
    scene.advance(-HOUR);
    assert.equal((await worker.tick()).now, scene.now);
  });
}
