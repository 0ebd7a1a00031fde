/**
 * What the user sees of an error, and the exit code that it means.
 *
 * @module
 */

import { QueuectlError } from "../errors.ts";
import { paint } from "./color.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { escapeLines, escapeText } from "../escape.ts";
import { ClosedPipeError } from "./output.ts";

/**
 * Writes one sentence about an error to stderr, and with `--log-level debug` the stack.
 *
 * @returns the exit code
 */
export function report(error: unknown, { stderr, logLevel }: Context): number {
  if (error instanceof ClosedPipeError) return error.exitCode;
  const expected = error instanceof QueuectlError;
  const message = error instanceof Error ? error.message : String(error);
  const sentence = expected ? message : `Unexpected failure: ${message}`;
  const lines = [`${paint("queuectl:", "red", stderr.color)} ${escapeText(sentence)}`];
  if (error instanceof CommandLineError) {
    lines.push(`See "${["queuectl", error.path, "--help"].filter(Boolean).join(" ")}"`);
  }
  if (logLevel === "debug" && error instanceof Error) lines.push(...stacksOf(error));
  else if (!expected) lines.push("Run it again with --log-level debug to see where it happened");
  stderr.line(lines.join("\n"));
  return expected ? error.exitCode : 1;
}

/** The stack of an error and those of its causes. */
function stacksOf(error: Error): string[] {
  const own = escapeLines(error.stack ?? "");
  return error.cause instanceof Error ? [own, "Caused by:", ...stacksOf(error.cause)] : [own];
}
