/**
 * Which store is meant.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { quote } from "../quote.ts";

/** What decides where the store is. */
export interface LocationSources {
  /** What `--db` says. */
  readonly flag: string | undefined;
  env(name: string): string | undefined;
  /** The absolute working directory. */
  cwd(): string;
}

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
    // As a path it would be shown, with the password in it.
    if (/^postgres(ql)?:(?!\/\/)/i.test(given)) {
      throw new UsageError("The URL of a PostgreSQL store begins with postgres://");
    }
    return isUrl(given) ? given : absolute(given, cwd);
  }
  return `${dataDirectory(env)}/queuectl/queue.db`;
}

/** The directory for a user's data, by the XDG Base Directory Specification. */
function dataDirectory(env: LocationSources["env"]): string {
  const data = env("XDG_DATA_HOME");
  // The specification says to ignore it if it is relative.
  if (data && isAbsolute(data)) return data;
  const home = env("HOME");
  if (home && isAbsolute(home)) return `${home.replace(/\/+$/, "")}/.local/share`;
  const windows = env("LOCALAPPDATA");
  if (windows) return windows;
  const wrong = home ? `HOME is ${quote(home)}, not an absolute path` : "HOME is not set";
  throw new UsageError(
    `There is no place to keep the store in, because ${wrong}: ` +
      "set HOME or QUEUECTL_DB, or give --db PATH",
  );
}

function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

function isAbsolute(path: string): boolean {
  return /^(?:\/|[a-z]:[\\/]|\\\\)/i.test(path);
}

function absolute(path: string, cwd: () => string): string {
  // `..` is left to the system, for which it means the parent of what a link points to.
  return isAbsolute(path)
    ? path
    : `${cwd().replace(/\/+$/, "")}/${path.replace(/^(?:\.\/+)+/, "")}`;
}
