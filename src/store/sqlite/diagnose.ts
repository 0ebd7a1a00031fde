/**
 * What is the matter with a store that cannot be opened, and what to do about it.
 *
 * @module
 */

import {
  MissingStoreError,
  MovedStoreError,
  NewerStoreError,
  StoreLockedError,
} from "../../errors.ts";
import { quoteWords } from "../../worker/quote.ts";
import { type Check, type ExamineOptions, type Finding, unusable } from "../examination.ts";
import { accessCheck } from "./examine_access.ts";
import { locksCheck } from "./examine_locks.ts";
import { asideCommand, restoreCommand } from "./mends.ts";

/** With it every database file of SQLite begins (https://www.sqlite.org/fileformat.html). */
const MAGIC = "SQLite format 3\0";

/**
 * The checks of a store that cannot be opened.
 *
 * @param error what opening it has thrown
 */
export async function* diagnose(
  path: string,
  error: Error,
  { command }: Pick<ExamineOptions, "command">,
): AsyncGenerator<Check> {
  if (error instanceof MissingStoreError) {
    const make = quoteWords([...command, "enqueue", "--", "echo", "hello"]);
    yield storeCheck(unusable(error.message, `To make it, with a first job: ${make}`));
    return;
  }
  const [access, locks] = [accessCheck(path), await locksIfSeen(path)];
  // What others may do, or hold, is told there with its mend.
  const isElsewhere = [...access.findings, ...locks.findings]
    .some(({ verdict }) => verdict === "problem");
  yield storeCheck(unusable(error.message, mendOf(path, error, isElsewhere, command)));
  yield locks;
  yield access;
}

/** Nobody is seen in a directory that may not be entered, which the check of the access tells. */
async function locksIfSeen(path: string): Promise<Check> {
  try {
    return await locksCheck(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    return { name: "locks", text: "It cannot be seen who keeps writers out", findings: [] };
  }
}

function storeCheck(finding: Finding): Check {
  return { name: "store", text: "", findings: [finding] };
}

function mendOf(
  path: string,
  error: Error,
  isElsewhere: boolean,
  command: readonly string[],
): string {
  if (error instanceof MovedStoreError) return "Do as it says, or give another store with --db";
  if (error instanceof NewerStoreError) return "Update queuectl, or give another store with --db";
  if (error instanceof StoreLockedError) {
    return isElsewhere ? "See what holds it, below" : "Try again in a moment";
  }
  if (/older version/.test(error.message)) {
    return `To update it: ${quoteWords([...command, "status"])}`;
  }
  if (/another program|is a directory|is not a file/.test(error.message)) {
    return "Give the path of a store with --db, or QUEUECTL_DB";
  }
  if (/damaged|tables of its version|which version/.test(error.message)) {
    return restoreCommand(path);
  }
  if (/is not a queuectl store/.test(error.message)) {
    return `Give the path of a store with --db; if this was one, restore it from a backup. ${
      asideCommand(path)
    }`;
  }
  if (isElsewhere) return "See who may touch it, below";
  return isReadable(path)
    ? "See whether its disk and its directory can be written"
    : "Run this as the user to whom the store belongs";
}

/** Nothing of this process has the file open: opening it has failed. */
function isReadable(path: string): boolean {
  try {
    using file = Deno.openSync(path);
    const bytes = new Uint8Array(MAGIC.length);
    file.readSync(bytes);
    return new TextDecoder().decode(bytes) === MAGIC;
  } catch {
    return false;
  }
}
