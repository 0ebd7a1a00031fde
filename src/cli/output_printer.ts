/**
 * Prints the output of jobs: raw, or as JSON.
 *
 * @module
 */

import { formatTime } from "../job/time.ts";
import type { Stream } from "../worker/protocol.ts";
import type { Piece } from "../attempt_output.ts";
import type { Context } from "./context.ts";
import { writeJsonArray } from "./json_array.ts";
import { OutputJson, type OutputJsonPiece } from "../json/output_json.ts";
import { countOf, formatCount } from "../numbers.ts";

/** What of the output is printed, and how. */
export interface PrintOptions {
  /** One stream alone, to the byte; null is both. */
  readonly stream: Stream | null;
  /** Puts the time before each line. */
  readonly timestamps: boolean;
}

/** Takes pieces of output and prints them. */
export interface OutputPrinter {
  /** @throws {ClosedPipeError} if nobody reads any more */
  print(pieces: Iterable<Piece> | AsyncIterable<Piece>): Promise<void>;
  /** An attempt has ended: what follows does not continue it. */
  end(): Promise<void>;
  /** Whether nothing was printed so far. */
  readonly isEmpty: boolean;
}

const NEWLINE = 10;

/** Prints the bytes as they are. */
export class RawPrinter implements OutputPrinter {
  readonly #context: Context;
  readonly #options: PrintOptions;
  #isAtLineStart = true;
  #isEmpty = true;

  constructor(context: Context, options: PrintOptions) {
    this.#context = context;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  async print(pieces: Iterable<Piece> | AsyncIterable<Piece>): Promise<void> {
    const { stream, timestamps } = this.#options;
    for await (const { stream: from, time, bytes, missing } of pieces) {
      if (missing > 0) await this.#printGap(missing);
      if (bytes.length === 0 || (stream !== null && stream !== from)) continue;
      this.#isEmpty = false;
      if (timestamps) await this.#printLines(bytes, formatTime(time)!);
      else await this.#context.stdout.write(bytes);
      this.#isAtLineStart = bytes.at(-1) === NEWLINE;
    }
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  async #printGap(missing: number): Promise<void> {
    const verb = missing === 1 ? "byte is" : "bytes are";
    const note = `[… ${formatCount(missing)} ${verb} missing here …]\n`;
    const { stdout, stderr } = this.#context;
    this.#isEmpty = false;
    if (this.#options.stream !== null) return await stderr.write(note);
    await stdout.write(this.#isAtLineStart ? note : `\n${note}`);
    this.#isAtLineStart = true;
  }

  async #printLines(bytes: Uint8Array, time: string): Promise<void> {
    const { stdout } = this.#context;
    for (let from = 0; from < bytes.length;) {
      const newline = bytes.indexOf(NEWLINE, from);
      const end = newline < 0 ? bytes.length : newline + 1;
      if (from > 0 || this.#isAtLineStart) await stdout.write(`${time} `);
      await stdout.write(bytes.subarray(from, end));
      from = end;
    }
  }
}

/** Prints each stream to where it belongs, to the byte; on stderr, notes may stand in between. */
export class StreamsPrinter implements OutputPrinter {
  readonly #context: Context;
  #isAtLineStart = true;
  #isEmpty = true;

  constructor(context: Context) {
    this.#context = context;
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  async print(pieces: Iterable<Piece> | AsyncIterable<Piece>): Promise<void> {
    const { stdout, stderr } = this.#context;
    for await (const { stream, bytes, missing } of pieces) {
      if (missing > 0) {
        await this.note(
          `${countOf(missing, "byte")} of the output ${
            missing === 1 ? "is" : "are"
          } missing here; ` +
            "to keep more: queuectl config set max_output SIZE",
        );
      }
      if (bytes.length === 0) continue;
      this.#isEmpty = false;
      await (stream === "stdout" ? stdout : stderr).write(bytes);
      // A terminal may show both.
      if (stream === "stderr" || stderr.isTerminal) this.#isAtLineStart = bytes.at(-1) === NEWLINE;
    }
  }

  end(): Promise<void> {
    return Promise.resolve();
  }

  /** Writes a line about the job to stderr. */
  async note(text: string): Promise<void> {
    await this.#context.stderr.line(`${this.#isAtLineStart ? "" : "\n"}queuectl: ${text}`);
    this.#isAtLineStart = true;
  }
}

/** Prints a line of JSON for each piece, as it comes. */
export class JsonLinesPrinter implements OutputPrinter {
  readonly #context: Context;
  readonly #json: OutputJson;
  #isEmpty = true;

  constructor(context: Context, { stream }: PrintOptions) {
    this.#context = context;
    this.#json = new OutputJson(stream);
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  async print(pieces: Iterable<Piece> | AsyncIterable<Piece>): Promise<void> {
    for await (const piece of pieces) await this.#write(this.#json.convert(piece));
  }

  async end(): Promise<void> {
    await this.#write(this.#json.end());
  }

  async #write(lines: Iterable<OutputJsonPiece>): Promise<void> {
    for (const line of lines) {
      this.#isEmpty = false;
      await this.#context.stdout.jsonLine(line);
    }
  }
}

/** Prints the whole output of one attempt as one JSON array. */
export async function printJsonArray(
  { stdout }: Context,
  pieces: AsyncIterable<Piece>,
  { stream }: PrintOptions,
): Promise<void> {
  const json = new OutputJson(stream);
  await writeJsonArray(stdout, convertAll());

  async function* convertAll() {
    for await (const piece of pieces) yield* json.convert(piece);
    yield* json.end();
  }
}
