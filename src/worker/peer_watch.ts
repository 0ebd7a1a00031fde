/**
 * Watches the heartbeats of the other workers, and says which of them are lost.
 *
 * @module
 */

import type { Observation } from "../store/tick.ts";
import type { WorkerInfo } from "../store/workers.ts";
import type { ProcessRef } from "./protocol.ts";

/** Why a worker is lost. */
export type LossReason =
  /** Its process has ended, on this host. */
  | "died"
  /** Its heart has stood still for a lease. */
  | "hung";

/** What a watch needs to know of its surroundings. */
export interface WatchOptions {
  /** The identity of this host: only its processes can be looked at. */
  readonly hostIdentity: string;
  /** Milliseconds without a heartbeat after which a worker is lost. */
  readonly lease: number;
  readonly isAlive: (ref: ProcessRef) => boolean;
  /** A monotonic clock, milliseconds. */
  readonly clock: () => number;
}

interface Watched {
  readonly heartbeat: number;
  /** What others had seen of this heartbeat when we first saw it. */
  readonly before: number;
  unmovedFor: number;
  /** At the last look nobody else kept it from beating. */
  couldBeat: boolean;
}

/** Watches the other workers of a store, on this process's monotonic clock. */
export class PeerWatch {
  readonly #options: WatchOptions;
  readonly #watched = new Map<string, Watched>();
  #lastLook: number | null = null;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /**
   * Takes what the store says of the peers, just now; returns those that are lost.
   *
   * Only time in which this observer reached the store counts, so a step is never longer than a third
   * of the lease: who was stopped himself, or had no store, has not watched anybody. And only time in
   * which a heart could beat: while a process keeps all others out of the store, it is that one's alone.
   *
   * @param holder the process that keeps the others out of the store; null if none does
   */
  look(
    peers: readonly WorkerInfo[],
    holder: ProcessRef | null = null,
  ): { peer: WorkerInfo; reason: LossReason }[] {
    const now = this.#options.clock();
    const step = Math.min(now - (this.#lastLook ?? now), this.#options.lease / 3);
    this.#lastLook = now;
    const present = new Set<string>();
    for (const peer of peers) {
      present.add(peer.id);
      const couldBeat = holder === null || this.isPeer(peer, holder);
      const known = this.#watched.get(peer.id);
      if (known?.heartbeat === peer.heartbeat) {
        if (known.couldBeat && couldBeat) known.unmovedFor += step;
        known.couldBeat = couldBeat;
      } else {
        const { heartbeat, unmovedFor: before } = peer;
        this.#watched.set(peer.id, { heartbeat, before, unmovedFor: 0, couldBeat });
      }
    }
    for (const id of this.#watched.keys()) if (!present.has(id)) this.#watched.delete(id);
    return peers.flatMap((peer) => {
      const reason = this.#judge(peer);
      return reason === null ? [] : [{ peer, reason }];
    });
  }

  /** What this watch has seen, for the store to keep. */
  observations(): ReadonlyMap<string, Observation> {
    return new Map(
      [...this.#watched].map(([id, { heartbeat, before, unmovedFor }]) => [id, {
        heartbeat,
        unmovedFor: Math.round(before + unmovedFor),
      }]),
    );
  }

  /** Whether a process of this host is just this worker. */
  isPeer({ hostIdentity, process }: WorkerInfo, { pid, startTime }: ProcessRef): boolean {
    return hostIdentity === this.#options.hostIdentity &&
      process.pid === pid && process.startTime === startTime;
  }

  #judge(peer: WorkerInfo): LossReason | null {
    const { hostIdentity, isAlive, lease } = this.#options;
    if (peer.hostIdentity === hostIdentity && !isAlive(peer.process)) return "died";
    const { before, unmovedFor } = this.#watched.get(peer.id)!;
    return Math.max(before + unmovedFor, peer.unmovedFor) >= lease ? "hung" : null;
  }
}
