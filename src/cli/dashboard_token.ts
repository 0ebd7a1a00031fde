/**
 * The secret that guards what listens: the dashboard, and the figures of a worker.
 *
 * @module
 */

import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";

/** The variable that it comes from. */
export const TOKEN_VARIABLE = "QUEUECTL_DASHBOARD_TOKEN";

/**
 * Reads a token: what stands in a header as it is. An error does not repeat it.
 *
 * @throws {RangeError} if it is none; the message completes a sentence that begins with the name of what was read
 */
export function readToken(text: string): string {
  if (/^[\x21-\x7e]{1,1024}$/.test(text)) return text;
  throw new RangeError("must be 1 to 1024 letters, digits and signs of ASCII, without spaces");
}

/**
 * The token of the environment; null if there is none. An empty one is a mistake: whoever set the variable wanted
 * to be guarded.
 *
 * @throws {CommandLineError} if it is no token
 */
export function tokenOfEnvironment({ env }: Pick<Context, "env">): string | null {
  const text = env(TOKEN_VARIABLE);
  if (text === undefined) return null;
  try {
    return readToken(text);
  } catch (error) {
    throw new CommandLineError(`${TOKEN_VARIABLE} ${(error as RangeError).message}`);
  }
}
