/**
 * The errors that callers catch. Each one carries the exit code it means (DESIGN section 4) and a
 * message for the user: one sentence that says what is wrong and, where there is one, the way out.
 *
 * @module
 */

import { quote } from "./quote.ts";

/** What the process exits with when an error of this kind reaches the entry. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 124 | 125 | 141;

/** The root of every error that queuectl raises on purpose. */
export abstract class QueuectlError extends Error {
  /** The exit code that this kind of error means. */
  abstract readonly exitCode: ExitCode;
  /** The key of the input that it is about, in the spelling of the spec; null where it is about none. */
  field: string | null = null;
  /** The line of the input, or the place in a list, counted from 1; null where there is but one. */
  line: number | null = null;
  override get name(): string {
    return this.constructor.name;
  }
}

/** Wrong usage or invalid input; nothing was changed. */
export class UsageError extends QueuectlError {
  readonly exitCode = 2;

  /** @param options a cause, and the key of the input that it is about */
  constructor(
    message?: string,
    { field = null, ...options }: ErrorOptions & { readonly field?: string | null } = {},
  ) {
    super(message, options);
    this.field = field;
  }
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
    this.field = "id";
  }
}

/** A job that is not final holds the unique key. */
export class UniqueKeyTakenError extends ConflictError {
  /** The job that wants it. */
  readonly id: string;
  /** The job that holds it. */
  readonly holder: string;

  constructor(
    { id, key, holder }: {
      readonly id: string;
      readonly key: string;
      readonly holder: { readonly id: string; readonly state: string };
    },
  ) {
    super(`The unique key ${quote(key)} is held by job ${holder.id}, which is ${holder.state}`);
    this.id = id;
    this.holder = holder.id;
    this.field = "unique_key";
  }
}

/** A schedule has enqueued a job for this time already. */
export class FiringTakenError extends ConflictError {
  /** The job that is to be stored. */
  readonly id: string;

  constructor(
    { id, schedule, holder }: {
      readonly id: string;
      readonly schedule: string;
      readonly holder: string;
    },
  ) {
    super(`The schedule ${quote(schedule)} has enqueued job ${holder} for the same time`);
    this.id = id;
  }
}

/** A job is to run after a job that there is not. */
export class UnknownParentError extends NotFoundError {
  /** The job that names the parent. */
  readonly id: string;

  constructor(id: string, parent: string) {
    super(`There is no job ${parent} to run after`);
    this.id = id;
    this.field = "after";
  }
}

/** Jobs that are enqueued together wait for each other. */
export class CircleError extends UsageError {
  /** A job on the circle. */
  readonly id: string;

  /** @param circle the ids on it, the first once more at the end */
  constructor(circle: readonly string[]) {
    super(`Jobs wait for each other in a circle: ${circle.join(" after ")}`);
    this.id = circle[0]!;
    this.field = "after";
  }
}

/** The store cannot be used: unreachable, locked, full, read-only, corrupt, or too new. */
export class StoreError extends QueuectlError {
  readonly exitCode = 5;
}

/** There is no store, and the command makes none. */
export class MissingStoreError extends StoreError {}

/** The store was removed or replaced under a program that has it open: it does not come back. */
export class StoreGoneError extends StoreError {}

/** The store was made by a newer program, or updated by one under a program that has it open. */
export class NewerStoreError extends StoreGoneError {}

/** The store was moved to another place, or is being moved: nobody may work on it. */
export class MovedStoreError extends StoreGoneError {}

/** Another process holds a lock of the store, and did not let go in time. */
export class StoreLockedError extends StoreError {}

/** The connection to the store was lost while a change was on its way: it was made, or it was not. */
export class UnknownOutcomeError extends StoreError {
  /** @param cause what became of the connection */
  constructor(cause: Error) {
    super(`${cause.message} (the change may have been made all the same)`, { cause });
  }
}

/** A wait ran out of the time that the user gave it. */
export class WaitTimeoutError extends QueuectlError {
  readonly exitCode = 124;
}
