/**
 * Whole texts out of files and streams.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { CommandLineError } from "./command_line_error.ts";

/**
 * The text of a file.
 *
 * @throws {UsageError} if it cannot be read or is not UTF-8
 */
export async function readTextFile(path: string): Promise<string> {
  if (path === "") throw new CommandLineError("The name of the file is empty");
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`There is no file ${path}`);
    if (error instanceof Deno.errors.IsADirectory) {
      throw new UsageError(`${path} is a directory: give a file`);
    }
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  return decode(bytes, path);
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
  return decode(await new Response(stream).arrayBuffer(), name);
}

function decode(bytes: BufferSource, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UsageError(`${name} is not UTF-8 text`);
  }
}
