/**
 * Input that may be too large to be held at once: what is small comes back as text, of what is large the
 * lines are read from a file, as often as they are wanted.
 *
 * @module
 */

import { QueuectlError, UsageError } from "../errors.ts";
import { systemReason } from "../system_error.ts";
import { isJson } from "./job_input.ts";
import { decodeText, unreadable } from "./read_text.ts";

/** What has more bytes is large: some 100,000 of the shortest jobs there are, which take up 200 MB. */
const LARGE = 2 * 1024 * 1024;

/** Bytes that are read at once. */
const PORTION = 256 * 1024;

/** A value of more bytes is not read: V8 has no text of twice as many, and to parse it takes gigabytes. */
const LONGEST = 256 * 1024 * 1024;

/** A line that is not blank. */
export interface Line {
  /** Counted from 1. */
  readonly line: number;
  /** Without the newline that ends it. */
  readonly text: string;
}

/** A file with a JSON value a line. */
export class LineFile implements Disposable {
  readonly #file: Deno.FsFile;
  /** For messages. */
  readonly #name: string;

  /** @param file it is closed with this */
  constructor(file: Deno.FsFile, name: string) {
    this.#file = file;
    this.#name = name;
  }

  /**
   * Every line from the beginning on. One iteration at a time.
   *
   * @throws {UsageError} if it is not UTF-8, cannot be read, or a line is too long
   */
  *lines(): Generator<Line> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const buffer = new Uint8Array(PORTION);
    // Joined where the line ends: joined at each portion, 200 MB on one line take a minute.
    let begun: string[] = [];
    let length = 0;
    let line = 1;
    this.#file.seekSync(0, Deno.SeekMode.Start);
    for (let size = this.#read(buffer); size > 0; size = this.#read(buffer)) {
      const [rest, ...more] = this.#decode(decoder, buffer.subarray(0, size)).split("\n");
      begun.push(rest!);
      length += rest!.length;
      if (length > LONGEST) throw tooLong(`Line ${line}`);
      for (const next of more) {
        const text = begun.join("");
        if (text.trim() !== "") yield { line, text };
        line++;
        begun = [next];
        length = next.length;
      }
    }
    const text = begun.join("") + this.#decode(decoder);
    if (text.trim() !== "") yield { line, text };
  }

  /**
   * All of it.
   *
   * @throws {UsageError} if it is not UTF-8, cannot be read, or is too long
   */
  text(): string {
    const { size: length } = this.#file.statSync();
    if (length > LONGEST) throw tooLong(this.#name);
    const bytes = new Uint8Array(length);
    this.#file.seekSync(0, Deno.SeekMode.Start);
    let size = 0;
    for (let more = 1; more > 0; size += more) more = this.#read(bytes.subarray(size));
    return decodeText(bytes.subarray(0, size), this.#name);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #read(buffer: Uint8Array): number {
    try {
      return this.#file.readSync(buffer) ?? 0;
    } catch (error) {
      throw unreadable(this.#name, error);
    }
  }

  #decode(decoder: TextDecoder, bytes?: Uint8Array<ArrayBuffer>): string {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
    } catch {
      throw new UsageError(`${this.#name} is not UTF-8 text`);
    }
  }
}

function tooLong(name: string): UsageError {
  return new UsageError(`${name} has more than 256 MiB: give one job a line`);
}

/**
 * The text of a stream, or its lines if it is large and has a JSON value a line. What is one large value
 * is needed whole.
 *
 * @param name for messages
 * @throws {UsageError} if it cannot be read or is not UTF-8
 */
export async function readStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  name: string,
): Promise<string | LineFile> {
  try {
    const found = await fromStream(stream);
    return found instanceof Uint8Array
      ? decodeText(found, name)
      : linesOrText(new LineFile(found, name));
  } catch (error) {
    throw error instanceof QueuectlError ? error : unreadable(name, error);
  }
}

/** The same of a file. */
export async function readFile(path: string): Promise<string | LineFile> {
  try {
    const found = await fromPath(path);
    return found instanceof Uint8Array
      ? decodeText(found, path)
      : linesOrText(new LineFile(found, path));
  } catch (error) {
    throw error instanceof QueuectlError ? error : unreadable(path, error);
  }
}

function linesOrText(file: LineFile): string | LineFile {
  using stack = new DisposableStack();
  stack.use(file);
  const lines = file.lines();
  const first = lines.next().value;
  if (first === undefined || !isJson(first.text) || lines.next().done) return file.text();
  stack.move();
  return file;
}

/** All bytes, or a file of so many that they are not read. */
async function fromPath(path: string): Promise<Uint8Array<ArrayBuffer> | Deno.FsFile> {
  using stack = new DisposableStack();
  const file = stack.adopt(await Deno.open(path), (file) => file.close());
  const { isFile, isDirectory, size } = await file.stat();
  if (isDirectory) throw new Deno.errors.IsADirectory();
  if (isFile && size <= LARGE) return await Deno.readFile(path);
  stack.move();
  return isFile ? file : await fromStream(file.readable);
}

/** The same; what is large is copied, since a stream cannot be read twice. */
async function fromStream(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer> | Deno.FsFile> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let copy: Deno.FsFile | null = null;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      if (size <= LARGE) continue;
      copy ??= await unnamedFile().catch(refuseCopy);
      for (const each of chunks.splice(0)) await writeAll(copy, each).catch(refuseCopy);
    }
  } catch (error) {
    copy?.close();
    throw error;
  }
  return copy ?? new Uint8Array(await new Blob(chunks).arrayBuffer());
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await file.write(bytes.subarray(sent));
}

/** Else it would seem that the input cannot be read. */
function refuseCopy(error: unknown): never {
  const reason = systemReason(error) ?? (error as Error).message;
  throw new UsageError(
    `A large input is copied to a temporary file, which cannot be written: ${reason}; ` +
      "to use another directory: TMPDIR=DIRECTORY, or give a file",
    { cause: error },
  );
}

/** Nobody else can read it, and it is gone when it is closed. */
async function unnamedFile(): Promise<Deno.FsFile> {
  const path = await Deno.makeTempFile({ prefix: "queuectl-enqueue-" });
  const file = await Deno.open(path, { read: true, write: true });
  await Deno.remove(path);
  return file;
}
