/**
 * What a worker does while the store is locked: it cannot write, so it has no tick in which it would see
 * the others' heartbeats. It reads them, and finds out by the kernel who holds the lock. If that is a
 * worker whose heart stands still for a lease, it is lost like any other that hangs; its end frees the
 * store. Whatever else holds the lock is left alone, and so is a worker that waits for its disk: it could
 * not be ended before the disk is back, and then it goes on by itself.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import type { WorkerInfo } from "../store/workers.ts";
import type { LossReason, PeerWatch } from "./peer_watch.ts";
import type { ProcessRef } from "./protocol.ts";

/** Milliseconds between two looks: several to the shortest lease, of which a look counts a third at most. */
const LOOK_INTERVAL = 800;

/** What a worker watches locks with. */
export interface LockWatchOptions {
  readonly store: Pick<Store, "lockHolder" | "workers">;
  readonly watch: PeerWatch;
  /** Milliseconds without a heartbeat after which a worker is lost. */
  readonly lease: number;
  /** Whether a process waits for its disk at this moment. */
  readonly waitsForDisk: (process: ProcessRef) => boolean;
  /** A worker is lost that keeps the others out of the store. */
  readonly lost: (peer: WorkerInfo, reason: LossReason) => void;
  /** A monotonic clock, milliseconds. */
  readonly clock: () => number;
}

/** So long after its lease a worker that hangs has been ended, or cannot be; milliseconds. */
const ENDING = 20_000;

/** Stands for the disk, which keeps all out: nobody's heart can beat. */
const NOBODY: ProcessRef = { pid: 0, startTime: "" };

/** The worker that held the lock at the last look, and at all looks since a moment. */
interface Suspect {
  readonly process: ProcessRef;
  readonly since: number;
}

interface Write {
  isOver: boolean;
}

/** Watches who locks the store, whenever a write takes long. */
export class LockWatch {
  readonly #options: LockWatchOptions;
  #suspect: Suspect | null = null;
  /** The latest write. */
  #current: Write = { isOver: true };
  /** A timer runs. */
  #isArmed = false;

  constructor(options: LockWatchOptions) {
    this.#options = options;
  }

  /**
   * Whether it is worth while to go on waiting for the store: a worker keeps it locked, and will have let
   * go or be ended soon.
   */
  get isWaiting(): boolean {
    const { clock, lease } = this.#options;
    return this.#suspect !== null && clock() - this.#suspect.since < lease + ENDING;
  }

  /** Writes to the store; looks at who is in the way for as long as that takes. One write at a time. */
  async during<T>(write: () => Promise<T>): Promise<T> {
    const current: Write = { isOver: false };
    this.#current = current;
    if (!this.#isArmed) this.#arm();
    try {
      return await write();
    } finally {
      current.isOver = true;
    }
  }

  /** One timer for many writes: most take a fraction of a millisecond, as much as a timer of their own. */
  #arm(): void {
    this.#isArmed = true;
    const before = this.#current;
    const timer = setTimeout(async () => {
      const now = this.#current;
      if (now === before && !now.isOver) await this.#look(now);
      this.#isArmed = false;
      if (!this.#current.isOver) this.#arm();
    }, LOOK_INTERVAL);
    Deno.unrefTimer(timer);
  }

  /** What it has read is worth nothing once the write is done: there is news. */
  async #look(write: Readonly<Write>): Promise<void> {
    const { store, watch, waitsForDisk, lost } = this.#options;
    try {
      const holder = await store.lockHolder();
      const peers = holder === null ? [] : await store.workers();
      if (write.isOver) return;
      this.#suspect = this.#suspectOf(holder, peers);
      if (holder === null) return;
      const culprit = waitsForDisk(holder) ? NOBODY : holder;
      for (const { peer, reason } of watch.look(peers, culprit)) lost(peer, reason);
    } catch {
      // Nobody is judged by what cannot be read: the store, or the files of the kernel.
    }
  }

  #suspectOf(holder: ProcessRef | null, peers: readonly WorkerInfo[]): Suspect | null {
    const { watch, clock } = this.#options;
    const peer = holder && peers.find((one) => watch.isPeer(one, holder));
    if (!peer) return null;
    const { process } = peer;
    const isSame = this.#suspect?.process.pid === process.pid &&
      this.#suspect.process.startTime === process.startTime;
    return isSame ? this.#suspect : { process, since: clock() };
  }
}
