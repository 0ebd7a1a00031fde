/**
 * Where a user's data belong.
 *
 * @module
 */

import { UsageError } from "./errors.ts";
import { quote } from "./quote.ts";

/** Looks up a variable of the environment. */
export type Env = (name: string) => string | undefined;

/**
 * The directory for a user's data, by the XDG Base Directory Specification.
 *
 * @returns an absolute path; null if nothing says where it is
 */
export function findDataDirectory(env: Env): string | null {
  const data = env("XDG_DATA_HOME");
  // The specification says to ignore it if it is relative.
  if (data && isAbsolute(data)) return data;
  const home = env("HOME");
  if (home && isAbsolute(home)) return `${home.replace(/\/+$/, "")}/.local/share`;
  return env("LOCALAPPDATA") || null;
}

/**
 * The same, where there must be one.
 *
 * @throws {UsageError} if nothing says where it is
 */
export function dataDirectory(env: Env): string {
  const found = findDataDirectory(env);
  if (found !== null) return found;
  const home = env("HOME");
  const wrong = home ? `HOME is ${quote(home)}, not an absolute path` : "HOME is not set";
  throw new UsageError(
    `There is no place to keep the store in, because ${wrong}: ` +
      "set HOME or QUEUECTL_DB, or give --db PATH",
  );
}

/** Whether a path begins at a root. */
export function isAbsolute(path: string): boolean {
  return /^(?:\/|[a-z]:[\\/]|\\\\)/i.test(path);
}
