/**
 * How to start this program again.
 *
 * @module
 */

/** The words of a command line that runs this program; its arguments follow. */
export function ownCommand(): string[] {
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "--allow-all", "--quiet", Deno.mainModule];
}
