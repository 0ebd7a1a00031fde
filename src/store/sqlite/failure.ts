/**
 * What SQLite and the file system say when a store cannot be used, in a sentence for the user.
 *
 * @module
 */

import { QueuectlError, StoreError } from "../../errors.ts";
import { systemReason } from "../../system_error.ts";

/** What SQLite says when another connection holds a lock for longer than the busy timeout. */
const LOCKED = /database (table |schema )?is locked/;

/** What SQLite says where it may not write. */
const READ_ONLY = /readonly|read-only/;

/** What SQLite says of a file whose pages do not fit together. */
const DAMAGE = /malformed|corrupt/;

/** What is wrong with a store, in a sentence with its path. */
type Reason = (path: string) => string;

const full: Reason = (path) => `The disk of the store ${path} is full: free some space`;
const readOnly: Reason = (path) => `The store ${path} cannot be written: it is read-only`;
const damaged: Reason = (path) => `The store ${path} is damaged: restore it from a backup`;
const noDirectory: Reason = (path) =>
  `The store ${path} cannot be used: a part of its path is not a directory`;
const foreignSchema: Reason = (path) =>
  `The store ${path} has not the tables of its version: an unreleased queuectl made it, or another ` +
  "program changed it. Restore it from a backup, or begin another one";
const noPermission: Reason = (path) => `No permission to use the store ${path}`;

/** By what the message of SQLite holds; Deno 2.4.2 gives no code. */
const REASONS: readonly (readonly [RegExp, Reason])[] = [
  [/not a database/, (path) => `${path} is not a queuectl store`],
  [DAMAGE, damaged],
  // The version is checked, so its steps have not made this schema, or somebody has changed it since.
  [/^no such (table|column|index): |has no column named /, foreignSchema],
  [/disk is full/, full],
  [READ_ONLY, readOnly],
  [LOCKED, (path) => `The store ${path} is locked by another program: try again later`],
  [
    /unable to open/,
    (path) =>
      `The store ${path} cannot be opened: check the permissions of its directory, and that its ` +
      "file system is not read-only",
  ],
  [
    /disk I\/O/,
    (path) =>
      `The store ${path} cannot be read or written: its disk is full or has failed, or its log was ` +
      "cut short",
  ],
];

/** By the number of a system call's error; Deno has no class for most of them. See errno(3). */
const SYSTEM_REASONS: Readonly<Record<number, Reason>> = {
  1: noPermission,
  13: noPermission,
  17: noDirectory,
  20: noDirectory,
  28: full,
  30: readOnly,
  40: (path) => `The store ${path} cannot be used: its link leads in a circle`,
  122: full,
};

/** Whether it was a lock that stood in the way, so that another try may succeed. */
export function isLocked(error: unknown): boolean {
  return error instanceof Error && !(error instanceof QueuectlError) && LOCKED.test(error.message);
}

/** Whether it was that the file is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && DAMAGE.test(error.message);
}

/** Whether it was that SQLite may not write. */
export function isReadOnly(error: unknown): boolean {
  return error instanceof Error && READ_ONLY.test(error.message);
}

/** The error as the layers above see it; what is not about the store stays as it is. */
export function storeErrorFrom(error: unknown, path: string): unknown {
  if (error instanceof QueuectlError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const sentence = sentenceOf(error, message, path);
  return sentence === null ? error : new StoreError(sentence, { cause: error });
}

function sentenceOf(error: unknown, message: string, path: string): string | null {
  // It comes from JSON that this program has written.
  if (error instanceof SyntaxError) return damaged(path);
  const errno = /\(os error (\d+)\)/.exec(message)?.[1];
  if (errno === undefined && !isSystemError(error)) {
    return REASONS.find(([pattern]) => pattern.test(message))?.[1](path) ?? null;
  }
  const reason = SYSTEM_REASONS[Number(errno)];
  return reason?.(path) ?? `The store ${path} cannot be used: ${systemReason(error) ?? message}`;
}

/** What Deno throws for a failed system call, as against a mistake in this program. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error &&
    Object.values(Deno.errors).some((kind) => error instanceof kind);
}
