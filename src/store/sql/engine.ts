/**
 * What a database has to do for the store to live in it. `sql_store.ts` makes the port of `store.ts` of it: there is one
 * text of what jobs, queues, schedules and workers are, and each adapter has only what differs.
 *
 * @module
 */

import type { NewJob } from "../../job/job.ts";
import type { ProcessRef } from "../../worker/protocol.ts";
import type { Check, ExamineOptions } from "../examination.ts";
import type { Enqueued, IfExists } from "../store.ts";
import type { TickRequest, TickResult } from "../tick.ts";
import type { Work } from "./work.ts";

/** How long a commit lasts: `full` survives a power cut, `normal` survives a crash. */
export type Durability = "full" | "normal";

/** What is done at a moment of the store's clock, milliseconds since the epoch. */
export type Deed<T> = (now: number) => Work<T>;

/** Statements, in the database's own words, by which a whole store is moved; each within `write`. */
export interface RelocationSql {
  /** Before a store is marked: whoever only adds must have done so, or find the mark. */
  readonly lock: readonly string[];
  /** After the last row: what is not in the rows. */
  readonly complete: readonly string[];
  /** Remembers a queue, `?`, that holds no job. */
  readonly rememberQueue: string;
}

/** A database that holds a store. Whatever fails because of it throws a {@linkcode StoreError}. */
export interface Engine extends AsyncDisposable {
  /** As `Store.location`. */
  readonly location: string;
  /** As `Store.address`. */
  readonly address: string;
  /** As `Store.directory`. */
  readonly directory: string;
  /** As `Store.isShared`. */
  readonly isShared: boolean;

  /** How a whole store is moved. */
  readonly relocation: RelocationSql;

  /**
   * Does `deed` on one snapshot. It may be done again if it has to wait for a lock. Where somebody holds one for long it may
   * find jobs pending that were claimed a moment before, unless it is to be exact.
   */
  read<T>(deed: Deed<T>, isExact?: boolean): Promise<T>;
  /**
   * Does `deed` within one transaction while nobody else changes anything but by what adds new jobs; what it throws undoes
   * all of it. It may be done again if it has to wait for a lock.
   */
  write<T>(durability: Durability, deed: Deed<T>): Promise<T>;
  /** The same, as durable as anything that a user asks for, for work that changes thousands of rows. */
  writeMuch<T>(deed: Deed<T>): Promise<T>;

  /** Does `deed` beside others who tick: what it changes it names so that it changes nothing if that has moved on. */
  beside<T>(deed: Deed<T>): Promise<T>;
  /** Does `deed`, by which a worker joins, while no other one does; what jobs there are is nothing to it. */
  join<T>(deed: Deed<T>): Promise<T>;
  /** As `write`, by which a worker leaves: of what runs it finds only what that one has claimed. */
  leave<T>(worker: string, deed: Deed<T>): Promise<T>;

  /** As `Store.enqueue`, with the ring. */
  enqueue(jobs: readonly NewJob[], ifExists: IfExists): Promise<Enqueued[]>;
  /** As `Store.tick`, with the rings that it calls for. */
  tick(request: () => TickRequest): Promise<TickResult>;

  /** As `Store.beat`. */
  beat(worker: string): Promise<boolean>;

  /** There may be something to do for these workers (absent: for all). A ring that fails fails nothing. */
  ring(workers?: readonly string[]): Promise<void>;
  /** As `Store.doorbell`. */
  doorbell(worker: string, ring: () => void): Promise<AsyncDisposable | null>;
  /** As `Store.revision`. */
  revision(): Promise<string>;
  /** As `Store.lockHolder`. */
  lockHolder(): Promise<ProcessRef | null>;
  /** As `Store.examine`. */
  examine(options: ExamineOptions): AsyncIterable<Check>;
}
