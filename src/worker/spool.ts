/**
 * The files into which a command writes its output, and how they are read.
 *
 * A command writes straight into two files of its attempt, `TOKEN.out` and `TOKEN.err`; nothing is
 * piped through JavaScript, and what was written survives the death of the worker. They are opened
 * for append by everybody, so that they can be cut while the command goes on writing.
 *
 * @module
 */

import { OutputWindow, type Segment } from "./output_window.ts";
import type { OutputChunk, Stream } from "./protocol.ts";

/** The largest chunk, bytes. */
const MAX_CHUNK = 256 * 1024;

/** A file is cut from this multiple of what is kept on: a chatty job must not fill the disk. */
const DRAIN_FACTOR = 64;

/** Below this a file is never cut, however little is kept. */
const MIN_DRAIN = 64 * 1024;

/** Tokens name files, so nothing but these characters may be in them. */
const TOKEN = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;

const STREAMS: readonly Stream[] = ["stdout", "stderr"];

/** Where the files of an attempt are. */
export interface SpoolPaths {
  readonly stdout: string;
  readonly stderr: string;
  /** Only for an attempt whose job has input. */
  readonly stdin: string;
  /** There from the moment on in which the worker ends the attempt: it says why. */
  readonly ending: string;
}

/**
 * The paths of an attempt's spool files.
 *
 * @throws {TypeError} If the token could name a file elsewhere.
 */
export function spoolPaths(spool: string, token: string): SpoolPaths {
  if (!TOKEN.test(token)) throw new TypeError(`not an attempt token: ${JSON.stringify(token)}`);
  const base = `${spool}/${token}`;
  return {
    stdout: `${base}.out`,
    stderr: `${base}.err`,
    stdin: `${base}.in`,
    ending: `${base}.end`,
  };
}

/** An attempt's output as its own executor sees it: created before the command, read by position. */
export class SpoolReader implements Disposable {
  readonly #token: string;
  readonly #maxOutput: number;
  readonly #files: Readonly<Record<Stream, Deno.FsFile>>;
  readonly #read: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #window: OutputWindow | null = null;

  private constructor(
    token: string,
    maxOutput: number,
    files: Readonly<Record<Stream, Deno.FsFile>>,
  ) {
    this.#token = token;
    this.#maxOutput = maxOutput;
    this.#files = files;
  }

  /**
   * Makes the files, and keeps their descriptors: what happens to the names later does not matter.
   *
   * @throws If a file cannot be made, or is there already.
   */
  static create(paths: SpoolPaths, token: string, maxOutput: number): SpoolReader {
    const options = { read: true, append: true, createNew: true, mode: 0o600 };
    return SpoolReader.#open(paths, token, maxOutput, options);
  }

  /** Opens the files that a dead worker left. */
  static open(paths: SpoolPaths, token: string, maxOutput: number): SpoolReader {
    for (const stream of STREAMS) assertPlainFile(paths[stream]);
    return SpoolReader.#open(paths, token, maxOutput, { read: true });
  }

  static #open(paths: SpoolPaths, token: string, maxOutput: number, options: Deno.OpenOptions) {
    const stdout = Deno.openSync(paths.stdout, options);
    try {
      const stderr = Deno.openSync(paths.stderr, options);
      return new SpoolReader(token, maxOutput, { stdout, stderr });
    } catch (error) {
      stdout.close();
      throw error;
    }
  }

  /** All bytes that are known to have been written so far. */
  get outputBytes(): number {
    return this.#window?.position ?? 0;
  }

  /** While the command runs: what is new. Files that have grown too large are cut. */
  look(): OutputChunk[] {
    if (!this.#collect() || this.#window === null) return [];
    const limit = Math.max(this.#maxOutput * DRAIN_FACTOR, MIN_DRAIN);
    for (const stream of STREAMS) {
      if (this.#read[stream] >= limit) this.#cut(stream, this.#window.headBytes(stream));
    }
    return this.#window.take();
  }

  /** After the end of the command: the rest. */
  finish(): OutputChunk[] {
    this.#collect();
    return this.#window?.finish() ?? [];
  }

  [Symbol.dispose](): void {
    for (const stream of STREAMS) this.#files[stream].close();
  }

  /**
   * The first half stays, for a rescuer. What is written between the last read and here is lost
   * uncounted: hence it is said that "at least" so much is missing.
   */
  #cut(stream: Stream, size: number): void {
    try {
      this.#files[stream].truncateSync(size);
      this.#read[stream] = size;
    } catch {
      // On a disk that has failed; the next look tries again.
    }
  }

  /** Reads what is new into the window; false if there is nothing. */
  #collect(): boolean {
    const rest = { stdout: this.#unread("stdout"), stderr: this.#unread("stderr") };
    if (rest.stdout === 0 && rest.stderr === 0) return false;
    const window = this.#window ??= new OutputWindow(this.#token, this.#maxOutput);
    const time = Date.now();
    for (const segment of window.plan(rest)) {
      window.skip(segment.skip);
      this.#readSegment(window, segment, time);
    }
    return true;
  }

  /** The size comes from a seek, which is cheaper than a stat with its two dozen fields. */
  #unread(stream: Stream): number {
    const size = this.#files[stream].seekSync(0, Deno.SeekMode.End);
    // The command emptied its own output.
    if (size < this.#read[stream]) this.#read[stream] = 0;
    return size - this.#read[stream];
  }

  #readSegment(window: OutputWindow, { stream, skip, length }: Segment, time: number): void {
    const file = this.#files[stream];
    this.#read[stream] += skip;
    if (length === 0) return;
    file.seekSync(this.#read[stream], Deno.SeekMode.Start);
    let left = length;
    while (left > 0) {
      const bytes = readFully(file, Math.min(left, MAX_CHUNK));
      if (bytes.length === 0) return;
      window.push(stream, bytes, time);
      this.#read[stream] += bytes.length;
      left -= bytes.length;
    }
  }
}

/** What a dead worker's attempt wrote. */
export interface SalvagedOutput {
  /** All that is kept of it, from its beginning: they replace what is stored. */
  readonly chunks: readonly OutputChunk[];
  readonly outputBytes: number;
}

/**
 * Reads the spool files that a dead worker left. Where a file was cut, what was cut out is not counted.
 *
 * @returns Null if they are not there: the attempt never began, or was settled.
 */
export function salvageOutput(
  spool: string,
  token: string,
  maxOutput: number,
): SalvagedOutput | null {
  let reader: SpoolReader;
  try {
    reader = SpoolReader.open(spoolPaths(spool, token), token, maxOutput);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  using files = reader;
  return { chunks: files.finish(), outputBytes: files.outputBytes };
}

/**
 * Writes what the command is to find on its standard input.
 *
 * @throws If the file cannot be made, or is there already.
 */
export function writeInput(paths: SpoolPaths, input: string): void {
  Deno.writeTextFileSync(paths.stdin, input, { createNew: true, mode: 0o600 });
}

/** Whether an attempt has any spool file; if that cannot be seen, it may. */
export function hasSpool(spool: string, token: string): boolean {
  return Object.values(spoolPaths(spool, token)).some((path) => {
    try {
      Deno.lstatSync(path);
      return true;
    } catch (error) {
      return !(error instanceof Deno.errors.NotFound);
    }
  });
}

/**
 * Removes an attempt's spool files; those that are not there do not matter.
 *
 * @param hasMore whether there may be others than those of the output
 */
export function removeSpool(spool: string, token: string, hasMore = true): void {
  const { stdout, stderr, stdin, ending } = spoolPaths(spool, token);
  for (const path of [stdout, stderr]) removeIfThere(path);
  if (hasMore) { for (const path of [stdin, ending]) removeIfThere(path); }
}

/**
 * A job can put anything in the place of the files that are its own: to open a FIFO would wait for ever,
 * and behind a link there may be what is none of the job's.
 *
 * @throws If it is not a file, or not there.
 */
export function assertPlainFile(path: string): void {
  if (!Deno.lstatSync(path).isFile) throw new Error(`${path} is not a file any more`);
}

/** Removes a file. What cannot be removed is left to the sweep, and stops nobody's work. */
export function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Most often it is not there.
  }
}

/** Reads so many bytes, fewer at the end of the file or of what a failing disk gives. */
function readFully(file: Deno.FsFile, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const count = tryToRead(file, bytes.subarray(at));
    if (count === 0) break;
    at += count;
  }
  return at === length ? bytes : bytes.slice(0, at);
}

/** A disk that fails costs output, and neither the attempt nor those beside it. */
function tryToRead(file: Deno.FsFile, bytes: Uint8Array): number {
  try {
    return file.readSync(bytes) ?? 0;
  } catch {
    return 0;
  }
}
