/**
 * Input that may be too large to be held at once: what is small comes back as text, of what is large the
 * lines are read from a file, as often as they are wanted.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { isJson } from "./job_input.ts";
import { decodeText, unreadable } from "./read_text.ts";

/** What has more bytes is large: some 100,000 of the shortest jobs there are, which take up 200 MB. */
const LARGE = 2 * 1024 * 1024;

/** Bytes that are read at once. */
const PORTION = 256 * 1024;

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
   * @throws {UsageError} if it is not UTF-8, or cannot be read
   */
  *lines(): Generator<Line> {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const buffer = new Uint8Array(PORTION);
    let begun = "";
    let line = 0;
    this.#file.seekSync(0, Deno.SeekMode.Start);
    for (let size = this.#read(buffer); size > 0; size = this.#read(buffer)) {
      const texts = (begun + this.#decode(decoder, buffer.subarray(0, size))).split("\n");
      begun = texts.pop()!;
      for (const text of texts) {
        line++;
        if (text.trim() !== "") yield { line, text };
      }
    }
    begun += this.#decode(decoder);
    if (begun.trim() !== "") yield { line: line + 1, text: begun };
  }

  /** All of it. */
  text(): string {
    const bytes = new Uint8Array(this.#file.statSync().size);
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

/**
 * The text of an input, or its lines if it is large and has a JSON value a line. What is one large value
 * is needed whole.
 *
 * @param path a path, or `-` for standard input
 * @throws {UsageError} if it cannot be read or is not UTF-8
 */
export async function readInput(
  path: string,
  { stdin }: Pick<Context, "stdin">,
): Promise<string | LineFile> {
  if (path === "") throw new CommandLineError("The name of the file is empty");
  const isStdin = path === "-";
  const name = isStdin ? "The input" : path;
  try {
    const found = isStdin ? await fromStream(stdin.readable) : await fromPath(path);
    return found instanceof Uint8Array
      ? decodeText(found, name)
      : linesOrText(new LineFile(found, name));
  } catch (error) {
    throw error instanceof UsageError ? error : unreadable(name, error);
  }
}

function linesOrText(file: LineFile): string | LineFile {
  using stack = new DisposableStack();
  stack.use(file);
  const lines = file.lines();
  const [first, second] = [lines.next().value, lines.next().value];
  if (first === undefined || second === undefined || !isJson(first.text)) return file.text();
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
      copy ??= await unnamedFile();
      for (const each of chunks.splice(0)) {
        for (let sent = 0; sent < each.length;) sent += await copy.write(each.subarray(sent));
      }
    }
  } catch (error) {
    copy?.close();
    throw error;
  }
  return copy ?? new Uint8Array(await new Blob(chunks).arrayBuffer());
}

/** Nobody else can read it, and it is gone when it is closed. */
async function unnamedFile(): Promise<Deno.FsFile> {
  const path = await Deno.makeTempFile({ prefix: "queuectl-enqueue-" });
  const file = await Deno.open(path, { read: true, write: true });
  await Deno.remove(path);
  return file;
}
