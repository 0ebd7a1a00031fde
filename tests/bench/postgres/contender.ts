/**
 * Job queues in PostgreSQL, all of them driven in the same way: jobs that do nothing, pulled by processes
 * of which each is what the queue calls a worker.
 *
 * @module
 */

/** A job queue with its settings, opened. */
export interface Contender extends AsyncDisposable {
  /** Replaces what the database has of this queue by an empty one, with so many jobs that wait. */
  fill(jobs: number): Promise<void>;
  /** Adds a job; returns when it cannot be lost any more. */
  add(): Promise<void>;
  /** Whether all jobs are done and written down. */
  isDone(): Promise<boolean>;
  /**
   * Does jobs until what it gives is disposed of.
   *
   * @param handle is told of each job that is handed out, or of how many at once
   */
  pull(handle: (jobs: number) => void): Promise<AsyncDisposable>;
}

/** Opens a contender; what has to be there for {@linkcode Contender.fill} is made. */
export type Open = (url: string) => Promise<Contender>;
