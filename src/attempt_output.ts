/**
 * Reads what an attempt wrote, piece by piece, also while it runs.
 *
 * @module
 */

import type { OutputPiece, Store } from "./store/store.ts";
import type { Stream } from "./worker/protocol.ts";

/** A piece of output, in order; it may be empty where only something is missing. */
export type Piece = Omit<OutputPiece, "seq">;

/** How far the output of an attempt was read. */
export interface OutputMark {
  /** In all that the attempt wrote, bytes. */
  readonly position: number;
  /** How many bytes of each stream were given. */
  readonly stdout: number;
  readonly stderr: number;
}

const BEGINNING: OutputMark = { position: 0, stdout: 0, stderr: 0 };

/**
 * The output of one attempt. The `seq` of a stored piece is the position of its first byte in all that
 * the attempt wrote, so what is missing can be seen also where pieces were dropped while they were read.
 */
export class AttemptOutput {
  readonly #store: Store;
  readonly #job: string;
  readonly #attempt: number;
  /** Up to here it was read. */
  #position: number;
  readonly #given: Record<Stream, number>;

  /**
   * @param attempt its number in the attempt log of the job
   * @param from where to go on, see {@linkcode AttemptOutput.mark}
   */
  constructor(store: Store, job: string, attempt: number, from: OutputMark = BEGINNING) {
    this.#store = store;
    this.#job = job;
    this.#attempt = attempt;
    this.#position = from.position;
    this.#given = { stdout: from.stdout, stderr: from.stderr };
  }

  /** How far it was read. */
  get mark(): OutputMark {
    return { position: this.#position, ...this.#given };
  }

  /** What was stored since the last call. */
  async *read(): AsyncGenerator<Piece> {
    for await (const piece of this.#stored(this.#position)) {
      yield this.#next(piece, piece.seq - this.#position);
    }
  }

  /**
   * The rest, after the attempt has ended.
   *
   * @param outputBytes how much it wrote
   */
  async *readToEnd(outputBytes: number): AsyncGenerator<Piece> {
    for await (const piece of this.#stored(this.#position)) {
      const missing = piece.seq - this.#position;
      // It does not begin where a piece ended: these are other pieces than before.
      if (missing > 0 && piece.missing === 0) return yield* this.#readAnew(outputBytes);
      yield this.#next(piece, missing);
    }
    if (this.#position < outputBytes) yield* this.#readAnew(outputBytes);
  }

  /**
   * Whoever cleans up behind a lost worker stores the output anew, in other pieces, and with it what
   * that worker could not store any more.
   */
  async *#readAnew(outputBytes: number): AsyncGenerator<Piece> {
    const skip = { ...this.#given };
    this.#position = 0;
    for await (const piece of this.#stored(0)) {
      const skipped = Math.min(skip[piece.stream], piece.bytes.length);
      skip[piece.stream] -= skipped;
      const missing = piece.seq - this.#position;
      const rest = { ...piece, seq: piece.seq + skipped, bytes: piece.bytes.subarray(skipped) };
      this.#position = rest.seq;
      if (missing > 0 || rest.bytes.length > 0) yield this.#next(rest, missing);
    }
    const missing = outputBytes - this.#position;
    if (missing <= 0) return;
    this.#position = outputBytes;
    yield { stream: "stdout", time: 0, bytes: new Uint8Array(), missing };
  }

  async *#stored(from: number): AsyncGenerator<OutputPiece> {
    while (true) {
      const pieces = await this.#store.output(this.#job, this.#attempt, from);
      if (pieces.length === 0) return;
      yield* pieces;
      const last = pieces.at(-1)!;
      from = last.seq + last.bytes.length;
    }
  }

  #next({ seq, stream, time, bytes }: OutputPiece, missing: number): Piece {
    this.#position = seq + bytes.length;
    this.#given[stream] += bytes.length;
    return { stream, time, bytes, missing };
  }
}
