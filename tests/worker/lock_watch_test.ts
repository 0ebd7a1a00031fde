import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { LockWatch } from "../../src/worker/lock_watch.ts";
import { PeerWatch } from "../../src/worker/peer_watch.ts";
import type { ProcessRef } from "../../src/worker/protocol.ts";
import { waitFor } from "../helpers/wait_for.ts";

const HOST = "boot pid time";
const LEASE = 5000;
const WORKER: ProcessRef = { pid: 1, startTime: "1" };
const OTHER: ProcessRef = { pid: 2, startTime: "1" };

const PEER: WorkerInfo = {
  ...{ id: "w", host: "host", hostIdentity: HOST, process: WORKER },
  ...{ slots: 1, queues: null, state: "running", stopRequest: null, slotsRequest: null, busy: 0 },
  ...{ joinOrder: 1, startedAt: 0, heartbeat: 7, heartbeatAt: 0, unmovedFor: 0 },
};

/** A watch of a store that somebody locks, on a clock of its own: each look is a second later. */
class Scene implements Disposable {
  readonly #setTimeout = globalThis.setTimeout;
  now = 0;
  looks = 0;
  holder: ProcessRef | null = WORKER;
  waitsForDisk = false;
  workers: () => Promise<WorkerInfo[]> = () => Promise.resolve([PEER]);
  readonly lost: string[] = [];
  readonly watch: LockWatch;
  readonly #write = Promise.withResolvers<string>();
  readonly written: Promise<string>;

  constructor() {
    globalThis.setTimeout = ((then: () => void) => this.#setTimeout(then, 0)) as typeof setTimeout;
    const clock = () => this.now;
    const self = () => "self";
    const options = {
      hostIdentity: HOST,
      lease: LEASE,
      notedFrom: 0,
      self,
      isAlive: () => true,
      clock,
    };
    this.watch = new LockWatch({
      store: {
        lockHolder: () => {
          this.now += 1000;
          this.looks++;
          return Promise.resolve(this.holder);
        },
        workers: () => this.workers(),
      },
      watch: new PeerWatch(options),
      lease: LEASE,
      waitsForDisk: () => this.waitsForDisk,
      lost: ({ id }, reason) => this.lost.push(`${id} ${reason} after ${this.now}`),
      clock,
    });
    this.written = this.watch.during(() => this.#write.promise);
  }

  /** Waits for so many looks more. */
  async look(times: number): Promise<void> {
    const until = this.looks + times;
    await waitFor(() => this.looks >= until, { interval: 0 });
  }

  finish(): Promise<string> {
    this.#write.resolve("written");
    return this.written;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout;
  }
}

Deno.test("LockWatch.during() finds a worker lost that keeps the store locked for a lease", async () => {
  using scene = new Scene();
  await waitFor(() => scene.lost.length > 0);
  assert.equal(scene.lost[0], "w hung after 6000");
  assert.equal(await scene.finish(), "written");
  const { looks } = scene;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(scene.looks, looks, "nobody looks after the write");
});

Deno.test("LockWatch.during() judges nobody while no worker of this host holds the lock", async () => {
  using scene = new Scene();
  for (const holder of [null, OTHER]) {
    scene.holder = holder;
    await scene.look(12);
    assert.equal(scene.watch.isWaiting, false);
  }
  assert.deepEqual(scene.lost, []);
  await scene.finish();
});

Deno.test("LockWatch.during() counts no time in which a worker waits for its disk", async () => {
  using scene = new Scene();
  await scene.look(2);
  scene.waitsForDisk = true;
  await scene.look(12);
  assert.deepEqual(scene.lost, []);
  const { now } = scene;
  scene.waitsForDisk = false;
  await waitFor(() => scene.lost.length > 0);
  const after = Number(/\d+$/.exec(scene.lost[0]!));
  assert.ok(after >= now + LEASE - 3000, `${after} of ${now}`);
  await scene.finish();
});

Deno.test("LockWatch.during() judges nobody by what it cannot read, and goes on looking", async () => {
  using scene = new Scene();
  scene.workers = () => Promise.reject(new StoreError("away"));
  await scene.look(12);
  assert.deepEqual(scene.lost, []);
  scene.workers = () => Promise.resolve([PEER]);
  await waitFor(() => scene.lost.length > 0);
  await scene.finish();
});

Deno.test("LockWatch.during() forgets a look that ends after the write", async () => {
  using scene = new Scene();
  await scene.look(3);
  const read = Promise.withResolvers<WorkerInfo[]>();
  let asked = 0;
  scene.workers = () => {
    asked++;
    return read.promise;
  };
  await waitFor(() => asked > 0);
  scene.now += 2 * LEASE;
  await scene.finish();
  read.resolve([{ ...PEER, unmovedFor: LEASE }]);
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(scene.lost, []);
});

Deno.test("LockWatch.isWaiting for a worker that holds the lock, for its lease and what its end takes", async () => {
  using scene = new Scene();
  await scene.look(3);
  assert.equal(scene.watch.isWaiting, true);
  await waitFor(() => !scene.watch.isWaiting, { interval: 0 });
  assert.ok(scene.now >= LEASE + 20_000 && scene.now <= LEASE + 25_000, `${scene.now}`);
  // Another one has the lock now.
  const process = { pid: 1, startTime: "2" };
  scene.workers = () => Promise.resolve([{ ...PEER, process }]);
  scene.holder = process;
  await waitFor(() => scene.watch.isWaiting);
  await scene.finish();
});
