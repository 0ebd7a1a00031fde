/**
 * Workers, as the port of the store shows them. Times are milliseconds since the epoch,
 * durations are milliseconds.
 *
 * @module
 */

import type { ProcessRef } from "../worker/protocol.ts";

/** What somebody asked of a worker: to finish what runs, or to hand it back. */
export type StopRequest = "drain" | "now";

/** What a worker says of itself when it joins. */
export interface NewWorker {
  readonly id: string;
  /** For people. */
  readonly host: string;
  /** Two workers with the same text can see each other's processes (`currentHost()`). */
  readonly hostIdentity: string;
  readonly process: ProcessRef;
  readonly slots: number;
  /** The queues it serves; null is all. */
  readonly queues: readonly string[] | null;
  /** Its lease, milliseconds. Absent where all its peers are of one host, and nobody asks for it. */
  readonly lease?: number;
}

/** A worker as others see it. */
export interface WorkerInfo extends NewWorker {
  /** Grows from one to the next that joins; no clock is asked. */
  readonly joinOrder: number;
  /** Attempts that it runs; those that wait in the lines behind its slots are not counted. */
  readonly busy: number;
  readonly state: "running" | "draining";
  readonly stopRequest: StopRequest | null;
  /** The slots that it was asked to have; null if it was not. */
  readonly slotsRequest: number | null;
  readonly startedAt: number;
  /** By its own clock; for people only, no decision hangs on it. */
  readonly heartbeatAt: number;
  /** Grows with every tick. */
  readonly heartbeat: number;
  /** For how long observers have seen the heartbeat stand still while they reached the store. */
  readonly unmovedFor: number;
}
