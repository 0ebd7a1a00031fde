/**
 * Long JSON arrays.
 *
 * @module
 */

import { escapeJson } from "../escape.ts";
import type { Output } from "./output.ts";

/** A string of about this length is written at once. */
const CHUNK = 65_536;

/**
 * Writes one JSON array, indented on a terminal, without ever holding all of its text.
 *
 * @throws {ClosedPipeError} if nobody reads any more
 */
export async function writeJsonArray(
  stdout: Output,
  items: Iterable<unknown> | AsyncIterable<unknown>,
): Promise<void> {
  const indent = stdout.isTerminal ? 2 : 0;
  const separator = indent > 0 ? "\n  " : "";
  let text = "[";
  let isEmpty = true;
  for await (const item of items) {
    // No string in JSON holds a newline: each one is of the indentation.
    text += (isEmpty ? "" : ",") + separator +
      escapeJson(item, indent).replaceAll("\n", separator);
    isEmpty = false;
    if (text.length < CHUNK) continue;
    await stdout.write(text);
    text = "";
  }
  await stdout.write(`${text}${indent > 0 && !isEmpty ? "\n" : ""}]\n`);
}
