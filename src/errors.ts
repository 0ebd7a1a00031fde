/**
 * The errors that callers catch. Each one carries the exit code it means (DESIGN section 4) and a
 * message for the user: one sentence that says what is wrong and, where there is one, the way out.
 *
 * @module
 */

/** What the process exits with when an error of this kind reaches the entry. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 124 | 125 | 141;

/** The root of every error that queuectl raises on purpose. */
export abstract class QueuectlError extends Error {
  /** The exit code that this kind of error means. */
  abstract readonly exitCode: ExitCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** Wrong usage or invalid input; nothing was changed. */
export class UsageError extends QueuectlError {
  readonly exitCode = 2;
}

/** No such job, queue, schedule or key. */
export class NotFoundError extends QueuectlError {
  readonly exitCode = 3;
}

/** The id or unique key is taken, or the job's state does not allow it. */
export class ConflictError extends QueuectlError {
  readonly exitCode = 4;
}

/** A job with this id exists, or stands in the same list. */
export class IdTakenError extends ConflictError {
  /** The id. */
  readonly id: string;

  constructor(id: string) {
    super(`A job with the id ${id} exists already`);
    this.id = id;
  }
}

/** The store cannot be used: unreachable, locked, full, read-only, corrupt, or too new. */
export class StoreError extends QueuectlError {
  readonly exitCode = 5;
}

/** The store's file was removed or replaced under a program that has it open: it does not come back. */
export class StoreGoneError extends StoreError {}

/** A wait ran out of the time that the user gave it. */
export class WaitTimeoutError extends QueuectlError {
  readonly exitCode = 124;
}
