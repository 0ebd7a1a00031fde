import assert from "node:assert/strict";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { PeerWatch } from "../../src/worker/peer_watch.ts";

const HOST = "boot pid time";
const LEASE = 30_000;
/** Time between two looks: no more of it than a third of the lease counts. */
const STEP = 1000;

/** A watch with a clock and processes of the test's own. */
class Scene {
  now = 5000;
  readonly dead = new Set<number>();
  readonly watch: PeerWatch;

  constructor(notedFrom = 0) {
    this.watch = new PeerWatch({
      hostIdentity: HOST,
      lease: LEASE,
      notedFrom,
      self: () => "w5",
      isAlive: ({ pid }) => !this.dead.has(pid),
      clock: () => this.now,
    });
  }

  /** Looks after so many milliseconds; who is lost, and why. */
  look(after: number, peers: readonly WorkerInfo[], holder?: WorkerInfo): string[] {
    this.now += after;
    return this.watch.look(peers, holder?.process ?? null)
      .map(({ peer, reason }) => `${peer.id} ${reason}`);
  }

  /** Looks again and again for so long; who is lost at the last look. */
  lookFor(time: number, peers: readonly WorkerInfo[], holder?: WorkerInfo): string[] {
    let lost: string[] = [];
    for (let at = 0; at < time; at += STEP) lost = this.look(STEP, peers, holder);
    return lost;
  }
}

function peer(pid: number, overrides: Partial<WorkerInfo> = {}): WorkerInfo {
  return {
    ...{ id: `w${pid}`, host: "host", hostIdentity: HOST, process: { pid, startTime: "1" } },
    ...{ slots: 1, queues: null, state: "running", stopRequest: null, slotsRequest: null, busy: 0 },
    ...{ joinOrder: 1, startedAt: 0, heartbeat: 7, heartbeatAt: 0, unmovedFor: 0 },
    ...overrides,
  };
}

Deno.test("PeerWatch takes a heart that stands still for a lease for lost, and none before", () => {
  const scene = new Scene();
  scene.look(0, [peer(1)]);
  assert.deepEqual(scene.lookFor(LEASE - STEP, [peer(1)]), []);
  assert.deepEqual(scene.look(STEP, [peer(1)]), ["w1 hung"]);
});

Deno.test("PeerWatch begins anew with each heartbeat", () => {
  const scene = new Scene();
  scene.look(0, [peer(1)]);
  assert.deepEqual(scene.lookFor(LEASE - STEP, [peer(1)]), []);
  assert.deepEqual(scene.lookFor(LEASE - STEP, [peer(1, { heartbeat: 8 })]), []);
  assert.deepEqual(scene.watch.observations().get("w1"), {
    heartbeat: 8,
    unmovedFor: LEASE - 2 * STEP,
  });
});

Deno.test("PeerWatch knows no wall clock: the times that a store holds decide nothing", () => {
  const scene = new Scene();
  const HOUR = 3_600_000;
  const ahead = peer(1, { heartbeatAt: HOUR, startedAt: HOUR });
  const behind = peer(1, { heartbeatAt: -HOUR, startedAt: -HOUR });
  scene.look(0, [peer(1)]);
  assert.deepEqual(scene.lookFor(LEASE - STEP, [behind]), []);
  assert.deepEqual(scene.look(STEP, [ahead]), ["w1 hung"]);
});

Deno.test("PeerWatch that was stopped itself, or had no store, has not watched meanwhile", () => {
  const scene = new Scene();
  scene.look(0, [peer(1)]);
  assert.deepEqual(scene.look(3_600_000, [peer(1)]), []);
  assert.equal(scene.watch.observations().get("w1")?.unmovedFor, LEASE / 3);
});

Deno.test("PeerWatch goes on from what others have seen, of the same heartbeat only", () => {
  const scene = new Scene();
  const seen = { unmovedFor: LEASE - 2 * STEP };
  scene.look(0, [peer(1, seen), peer(2, seen)]);
  scene.look(STEP, [peer(1, seen), peer(2, { heartbeat: 8 })]);
  assert.deepEqual(scene.look(STEP, [peer(1, seen), peer(2, { heartbeat: 8 })]), ["w1 hung"]);
});

Deno.test("PeerWatch sees at once that a process of this host has ended, and of no other", () => {
  const scene = new Scene();
  scene.dead.add(1);
  const remote = peer(1, { id: "remote", hostIdentity: "another boot" });
  assert.deepEqual(scene.look(0, [peer(1), peer(2), remote]), ["w1 died"]);
});

Deno.test("PeerWatch, while a worker keeps the store locked, counts against that one alone", () => {
  const scene = new Scene();
  const peers = [peer(1), peer(2), peer(3, { id: "remote", hostIdentity: "another boot" })];
  scene.look(0, peers);
  assert.deepEqual(scene.lookFor(LEASE - STEP, peers, peers[0]), []);
  assert.deepEqual(scene.look(STEP, peers, peers[0]), ["w1 hung"]);
  assert.deepEqual(scene.lookFor(LEASE, peers, peers[0]), ["w1 hung"]);
  // The first look after it: the others had no time to beat.
  assert.deepEqual(scene.look(STEP, peers.slice(1)), []);
  assert.equal(scene.watch.observations().get("w2")?.unmovedFor, 0);
  assert.deepEqual(scene.lookFor(LEASE - STEP, peers.slice(1)), []);
  assert.deepEqual(scene.look(STEP, peers.slice(1)), ["w2 hung", "remote hung"]);
});

Deno.test("PeerWatch, while something else keeps the store locked, counts against nobody", () => {
  const scene = new Scene();
  const peers = [peer(1), peer(2)];
  scene.look(0, peers);
  for (const startTime of ["1", "2"]) {
    // The second is another process with the pid of a worker.
    const process = { pid: startTime === "1" ? 9 : 1, startTime };
    assert.deepEqual(scene.lookFor(2 * LEASE, peers, peer(9, { process })), []);
  }
});

Deno.test("PeerWatch counts against a holder only the time in which it was seen to hold", () => {
  const scene = new Scene();
  const peers = [peer(1), peer(2)];
  scene.look(0, peers);
  for (let time = 0; time < 2 * LEASE; time += STEP) {
    // By turns: neither held the lock from one look to the next.
    const holder = peers[time / STEP % 2]!;
    assert.deepEqual(scene.look(STEP, peers, holder), []);
  }
});

Deno.test("PeerWatch judges a worker by its own lease where that is the longer one", () => {
  const scene = new Scene();
  const [patient, hasty] = [peer(1, { lease: 2 * LEASE }), peer(2, { lease: LEASE / 2 })];
  scene.look(0, [patient, hasty]);
  assert.deepEqual(scene.lookFor(LEASE - STEP, [patient, hasty]), []);
  assert.deepEqual(scene.look(STEP, [patient, hasty]), ["w2 hung"]);
  assert.deepEqual(scene.lookFor(LEASE - STEP, [patient]), []);
  assert.deepEqual(scene.look(STEP, [patient]), ["w1 hung"]);
});

/** Looks until the first of the peers is lost, while the hearts of the others beat; after how long it was. */
function timeToLose(lost: WorkerInfo, others: readonly WorkerInfo[]): number {
  const scene = new Scene();
  scene.look(0, [lost, ...others]);
  for (let time = STEP;; time += STEP) {
    const beating = others.map((other) => ({ ...other, heartbeat: time }));
    if (scene.look(STEP, [lost, ...beating]).length > 0) return time;
  }
}

Deno.test("PeerWatch leaves a worker of another host to one that lives there, for a while", () => {
  const [lost, neighbour] = [7, 8].map((pid) => peer(pid, { hostIdentity: "another boot" }));
  assert.equal(timeToLose(lost!, []), LEASE);
  assert.equal(timeToLose(lost!, [peer(9, { hostIdentity: "a third one" })]), LEASE);
  assert.equal(timeToLose(lost!, [neighbour!]), LEASE * 4 / 3);
  // Of this host it is for each of them to end it.
  assert.equal(timeToLose(peer(7), [peer(1), peer(8)]), LEASE);
});

Deno.test("PeerWatch lets those before it take over first, one after the other", () => {
  const lost = peer(70, { hostIdentity: "another boot" });
  const others = (count: number) => Array.from({ length: count }, (_, i) => peer(100 + i));
  assert.equal(timeToLose(lost, others(3)), LEASE + 3 * STEP);
  assert.equal(timeToLose(lost, others(30)), LEASE + 10 * STEP);
  const behind = [peer(6), peer(7)];
  assert.equal(timeToLose(lost, behind), LEASE);
});

Deno.test("PeerWatch.observations() leaves out in a crowd what is too short to be told", () => {
  const scene = new Scene(2 * STEP);
  const seen = peer(2, { unmovedFor: 2 * STEP });
  const crowd = Array.from({ length: 15 }, (_, i) => peer(100 + i, { heartbeat: i }));
  const few = [peer(1), seen, ...crowd.slice(1)];
  scene.look(0, few);
  scene.look(STEP, few);
  assert.equal(scene.watch.observations().size, few.length);
  scene.look(0, [peer(1), seen, ...crowd]);
  assert.deepEqual([...scene.watch.observations().keys()], ["w2"]);
  scene.look(STEP, [peer(1), seen]);
  assert.deepEqual([...scene.watch.observations().keys()], ["w1", "w2"]);
});
