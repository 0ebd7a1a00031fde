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
  /**
   * In a crowd, what was seen of a heart for less time than this, milliseconds, is not for others to know: every heart
   * stands still between two beats, and where hundreds of workers write that down of each other, they do little else.
   */
  readonly notedFrom: number;
  /** The id of the worker that watches. */
  readonly self: () => string;
  readonly isAlive: (ref: ProcessRef) => boolean;
  /** A monotonic clock, milliseconds. */
  readonly clock: () => number;
}

/**
 * Of the workers that live, each gives those before it so long, milliseconds, to take over what was lost
 * elsewhere: the first one has done so by then. It is less with a short lease.
 */
const PRECEDENCE = 1000;
const MAX_BEFORE = 10;

/** So many peers are no crowd. */
const FEW = 16;

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
      const reason = this.#judge(peer, peers);
      return reason === null ? [] : [{ peer, reason }];
    });
  }

  /** What this watch has seen, for the store to keep. */
  observations(): ReadonlyMap<string, Observation> {
    // Few rows are always written: an observer that lives for two looks has but a short time to tell of.
    const notedFrom = this.#watched.size <= FEW ? 0 : this.#options.notedFrom;
    const noted = [...this.#watched]
      .filter(([, { before, unmovedFor }]) => before + unmovedFor >= notedFrom);
    return new Map(
      noted.map(([id, { heartbeat, before, unmovedFor }]) => [id, {
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

  #judge(peer: WorkerInfo, peers: readonly WorkerInfo[]): LossReason | null {
    const { hostIdentity, isAlive } = this.#options;
    const isHere = peer.hostIdentity === hostIdentity;
    if (isHere && !isAlive(peer.process)) return "died";
    const lease = this.#leaseOf(peer);
    const unmovedFor = this.#unmovedFor(peer);
    if (unmovedFor < lease) return null;
    return isHere || unmovedFor >= lease + this.#courtesy(peer, peers, lease) ? "hung" : null;
  }

  /** A worker that has begun with a longer lease goes by that one: it may run its jobs until then. */
  #leaseOf({ lease = 0 }: WorkerInfo): number {
    return Math.max(lease, this.#options.lease);
  }

  #unmovedFor({ id, unmovedFor }: WorkerInfo): number {
    const known = this.#watched.get(id);
    return known === undefined ? unmovedFor : Math.max(known.before + known.unmovedFor, unmovedFor);
  }

  /**
   * How much longer than its lease a worker of another host is given, milliseconds. From here nothing of it
   * can be ended, nor its files be read: if a worker lives there, that one can, and comes first. Of all others
   * one will do, so they take their turns.
   */
  #courtesy(peer: WorkerInfo, peers: readonly WorkerInfo[], lease: number): number {
    const living = peers.filter((one) => one.id !== peer.id && this.#unmovedFor(one) < lease / 2);
    const hasNeighbour = living.some(({ hostIdentity }) => hostIdentity === peer.hostIdentity);
    const self = this.#options.self();
    const before = Math.min(living.filter(({ id }) => id < self).length, MAX_BEFORE);
    return (hasNeighbour ? lease / 3 : 0) + before * Math.min(PRECEDENCE, lease / 30);
  }
}
