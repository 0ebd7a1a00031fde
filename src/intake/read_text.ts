/**
 * Whole texts out of files and streams.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { quote } from "../quote.ts";
import { systemReason } from "../system_error.ts";

/** Longer paths are cut in a message, so that it stays one sentence. */
const LONGEST_PATH = 300;

/**
 * The text of a file.
 *
 * @throws {UsageError} if it cannot be read or is not UTF-8
 */
export async function readTextFile(path: string): Promise<string> {
  if (path === "") throw new UsageError("The name of the file is empty");
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  return decodeText(bytes, path);
}

/**
 * The error for a file that cannot be read.
 *
 * @param name the path, or what else the file is called
 * @param error what the system said
 */
export function unreadable(name: string, error: unknown): UsageError {
  const shown = name.length > LONGEST_PATH ? quote(name) : name;
  if (error instanceof Deno.errors.NotFound) return new UsageError(`There is no file ${shown}`);
  if (error instanceof Deno.errors.IsADirectory) {
    return new UsageError(`${shown} is a directory: give a file`);
  }
  const reason = systemReason(error) ?? (error as Error).message;
  return new UsageError(`Cannot read ${shown}: ${reason}`, { cause: error });
}

/**
 * All that a stream brings, to its end.
 *
 * @param name what the message begins with if it is not text
 * @throws {UsageError} if it is not UTF-8
 */
export async function readTextStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
): Promise<string> {
  return decodeText(await new Response(stream).arrayBuffer(), name);
}

/**
 * Bytes as text.
 *
 * @param name what the message begins with if they are not
 * @throws {UsageError} if they are not UTF-8
 */
export function decodeText(bytes: BufferSource, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${name} is not UTF-8 text`);
  }
}
