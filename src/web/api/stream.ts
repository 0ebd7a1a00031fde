/**
 * Answers that are written as they come.
 *
 * @module
 */

import { escapeJson } from "../../escape.ts";

/** A string of about this length is sent at once. */
const CHUNK = 65_536;

/** One JSON array, of which never all is held. */
export async function* jsonArray(
  items: AsyncIterable<unknown>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let text = "[";
  let isEmpty = true;
  for await (const item of items) {
    text += `${isEmpty ? "" : ","}${escapeJson(item)}`;
    isEmpty = false;
    if (text.length < CHUNK) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(`${text}]\n`);
}

/** A line of JSON for each item, as it comes. */
export async function* jsonLines(
  items: AsyncIterable<unknown>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  for await (const item of items) yield encoder.encode(`${escapeJson(item)}\n`);
}
