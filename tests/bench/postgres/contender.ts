/**
 * Job queues in PostgreSQL, all of them driven in the same way: jobs that do nothing, pulled by processes
 * of which each is what the queue calls a worker.
 *
 * @module
 */

/** Does the jobs of a queue until it is disposed of. */
export interface Puller extends AsyncDisposable {
  /** How many jobs were handed out so far. */
  readonly handled: number;
}

/** A job queue with its settings, opened. */
export interface Contender extends AsyncDisposable {
  /** Replaces what the database has of this queue by an empty one, with so many jobs that wait. */
  fill(jobs: number): Promise<void>;
  /** Adds a job; returns when it cannot be lost any more. */
  add(): Promise<void>;
  /** Whether all jobs are done and written down. */
  isDone(): Promise<boolean>;
  /** Begins to do jobs. */
  pull(): Promise<Puller>;
}

/** Opens a contender; what has to be there for {@linkcode Contender.fill} is made. */
export type Open = (url: string) => Promise<Contender>;
