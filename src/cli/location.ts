/**
 * Which store is meant.
 *
 * @module
 */

import { dataDirectory, isAbsolute } from "../data_directory.ts";
import { UsageError } from "../errors.ts";

/** What decides where the store is. */
export interface LocationSources {
  /** What `--db` says. */
  readonly flag: string | undefined;
  env(name: string): string | undefined;
  /** The absolute working directory. */
  cwd(): string;
}

/**
 * Meant as a URL of PostgreSQL: a colon is missing, there is something before it (quotes, `jdbc:`), or it is in
 * libpq's other form.
 */
const MISTYPED =
  /^\W*postgres(?:ql)?(?::|\W*\/\/)|postgres(?:ql)?:\/\/|^\s*(?:host(?:addr)?|port|dbname|user|password|service)\s*=/i;

/**
 * The store's location: `--db`, else `QUEUECTL_DB`, else `queuectl/queue.db` in the user's data
 * directory.
 *
 * `~` is left to the shell: a program that expands it as well finds files that nobody else finds.
 *
 * @returns an absolute path, or a URL as it was given
 * @throws {UsageError} if nothing says where it is
 */
export function resolveLocation({ flag, env, cwd }: LocationSources): string {
  if (flag === "") throw new UsageError("--db must be a path or a URL, not empty");
  const given = flag ?? env("QUEUECTL_DB");
  if (given) {
    if (isUrl(given)) return given;
    // As a path it would be shown, with the password in it.
    if (MISTYPED.test(given)) {
      throw new UsageError("The URL of a PostgreSQL store begins with postgres://");
    }
    return absolute(given, cwd);
  }
  return `${dataDirectory(env)}/queuectl/queue.db`;
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

function absolute(path: string, cwd: () => string): string {
  // `..` is left to the system, for which it means the parent of what a link points to.
  return isAbsolute(path)
    ? path
    : `${cwd().replace(/\/+$/, "")}/${path.replace(/^(?:\.\/+)+/, "")}`;
}
