/**
 * What the system says when a call of it fails.
 *
 * @module
 */

/**
 * The reason without its number and the path, which Deno appends: `permission denied` for
 * `Permission denied (os error 13): open '/a/b'`. Null if it is no error of the system.
 */
export function systemReason(error: unknown): string | null {
  const message = error instanceof Error ? error.message : String(error);
  return /^(.+?) \(os error \d+\)/s.exec(message)?.[1]?.toLowerCase() ?? null;
}
