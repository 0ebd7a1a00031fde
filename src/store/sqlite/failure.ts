/**
 * What SQLite and the file system say when a store cannot be used, in a sentence for the user.
 *
 * @module
 */

import { QueuectlError, StoreError } from "../../errors.ts";

/** What SQLite says when another connection holds a lock for longer than the busy timeout. */
const LOCKED = /database (table |schema )?is locked/;

/** By what the message of SQLite holds; Deno 2.4.2 gives no code. */
const REASONS: readonly (readonly [RegExp, (path: string) => string])[] = [
  [/not a database/, (path) => `${path} is not a queuectl store`],
  [/malformed|corrupt/, (path) => `The store ${path} is damaged: restore it from a backup`],
  [/disk is full/, (path) => `The disk of the store ${path} is full: nothing was changed`],
  [/readonly|read-only/, (path) => `The store ${path} cannot be written: it is read-only`],
  [LOCKED, (path) => `The store ${path} is locked by another program: try again later`],
  [/unable to open/, (path) => `The store ${path} cannot be opened: check its permissions`],
  [/disk I\/O/, (path) => `The disk of the store ${path} reports an error: nothing was changed`],
];

/** Whether it was a lock that stood in the way, so that another try may succeed. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && !(error instanceof QueuectlError) && LOCKED.test(error.message);
}

/** The error as the layers above see it; what is not about the store stays as it is. */
export function storeErrorFrom(error: unknown, path: string): unknown {
  if (error instanceof QueuectlError) return error;
  if (error instanceof Deno.errors.PermissionDenied) {
    return new StoreError(`No permission to use the store ${path}`, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  if (isSystemError(error)) {
    return new StoreError(`The store ${path} cannot be used: ${message}`, { cause: error });
  }
  const reason = REASONS.find(([pattern]) => pattern.test(message));
  return reason ? new StoreError(reason[1](path), { cause: error }) : error;
}

/** What Deno throws for a failed system call, as against a mistake in this program. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error &&
    Object.values(Deno.errors).some((kind) => error instanceof kind);
}
