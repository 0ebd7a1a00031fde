/**
 * The lines of a file of records. It is read more than once, and within a transaction of the store, so
 * the reading is synchronous; what cannot be read twice is copied first.
 *
 * @module
 */

import { concatenate } from "../bytes.ts";
import { UsageError } from "../errors.ts";
import type { Context } from "./context.ts";
import { CommandLineError } from "./command_line_error.ts";
import { unreadable } from "../intake/read_text.ts";

/** Where a line begins. */
export interface Place {
  /** Counted from 1. */
  readonly line: number;
  /** Bytes from the beginning of the file. */
  readonly offset: number;
}

/** A line that is not blank. */
export interface RecordLine extends Place {
  /** Without what ends it. */
  readonly text: string;
  /** Where the next line begins. */
  readonly next: Place;
}

/** The beginning of a file. */
export const START: Place = { line: 1, offset: 0 };

const PORTION = 65_536;
const NEWLINE = 10;

/** A file of records, open for reading. */
export class RecordFile implements Disposable {
  readonly #file: Deno.FsFile;
  /** How long it is, bytes. */
  readonly size: number;
  /** For messages. */
  readonly #name: string;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });

  private constructor(file: Deno.FsFile, name: string) {
    this.#file = file;
    this.#name = name;
    this.size = file.statSync().size;
  }

  /**
   * @param path a path, or `-` for standard input
   * @throws {UsageError} if it cannot be read
   */
  static async open(path: string, { stdin, cwd }: Pick<Context, "stdin" | "cwd">) {
    if (path === "") throw new CommandLineError("The name of the file is empty");
    try {
      if (path === "-") return new RecordFile(await copyOf(stdin.readable), "the input");
      const file = await Deno.open(path.startsWith("/") ? path : `${cwd}/${path}`);
      const { isFile, isDirectory } = await file.stat();
      if (isFile) return new RecordFile(file, path);
      if (isDirectory) file.close();
      else return new RecordFile(await copyOf(file.readable), path);
    } catch (error) {
      throw unreadable(path === "-" ? "the input" : path, error);
    }
    throw unreadable(path, new Deno.errors.IsADirectory());
  }

  /**
   * The lines from a place on. One iteration at a time.
   *
   * @throws {UsageError} if one is not UTF-8; it names the line
   */
  *lines(from = START): Generator<RecordLine> {
    for (const { bytes, ...place } of this.#rawLines(from)) {
      const text = this.#decode(bytes, place.line);
      if (text.trim() !== "") yield { text, ...place };
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  *#rawLines({ line, offset }: Place): Generator<Place & { bytes: Uint8Array; next: Place }> {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let begun: Uint8Array[] = [];
    const buffer = new Uint8Array(PORTION);
    for (
      let size = this.#file.readSync(buffer);
      size !== null;
      size = this.#file.readSync(buffer)
    ) {
      const portion = buffer.subarray(0, size);
      let start = 0;
      for (let end = portion.indexOf(NEWLINE); end >= 0; end = portion.indexOf(NEWLINE, start)) {
        const bytes = concatenate([...begun, portion.subarray(start, end)]);
        begun = [];
        const next = { line: line + 1, offset: offset + bytes.length + 1 };
        yield { line, offset, bytes, next };
        ({ line, offset } = next);
        start = end + 1;
      }
      if (start < size) begun.push(portion.slice(start));
    }
    const bytes = concatenate(begun);
    const next = { line: line + 1, offset: offset + bytes.length };
    if (bytes.length > 0) yield { line, offset, bytes, next };
  }

  #decode(bytes: Uint8Array, line: number): string {
    try {
      // A byte order mark at the beginning goes.
      return this.#decoder.decode(bytes);
    } catch {
      throw new UsageError(`Line ${line}: Not UTF-8 text, in ${this.#name}`);
    }
  }
}

/** A copy that nobody else can read, gone when it is closed. */
async function copyOf(stream: ReadableStream<Uint8Array>): Promise<Deno.FsFile> {
  const path = await Deno.makeTempFile({ prefix: "queuectl-import-" });
  const file = await Deno.open(path, { read: true, write: true });
  await Deno.remove(path);
  try {
    for await (const chunk of stream) {
      for (let sent = 0; sent < chunk.length;) sent += await file.write(chunk.subarray(sent));
    }
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
