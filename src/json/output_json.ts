/**
 * Output as JSON: text where it is UTF-8, else base64.
 *
 * @module
 */

import { toBase64 } from "../base64.ts";
import { concatenate } from "../bytes.ts";
import { formatTime } from "../job/time.ts";
import type { Stream } from "../worker/protocol.ts";
import type { Piece } from "../attempt_output.ts";

/** A piece of output in JSON: `text`, or `base64` for bytes that are not UTF-8. */
export interface OutputJsonPiece {
  /** When it was read. */
  time: string | null;
  stream: Stream;
  text?: string;
  base64?: string;
  /** How many bytes, of both streams, are missing before it; absent where none is. */
  missing?: number;
}

const EMPTY = new Uint8Array();

/** The beginning of a character at the end of each stream, at most three bytes; mostly there is none. */
export type Begun = Readonly<Record<Stream, Uint8Array>>;

const NOTHING_BEGUN: Begun = { stdout: EMPTY, stderr: EMPTY };

/** Converts the pieces of an attempt, in order. Put together again they give the same bytes. */
export class OutputJson {
  readonly #only: Stream | null;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  /** The beginning of a character whose end is in the next piece, and when it came. */
  readonly #begun: Record<Stream, { time: number; bytes: Uint8Array }> = {
    stdout: { time: 0, bytes: EMPTY },
    stderr: { time: 0, bytes: EMPTY },
  };
  #missing = 0;

  /**
   * @param only one stream alone; null is both
   * @param begun what another converter, whose work this one goes on with, has not given yet
   */
  constructor(only: Stream | null, begun: Begun = NOTHING_BEGUN) {
    this.#only = only;
    for (const stream of ["stdout", "stderr"] as const) {
      this.#begun[stream] = { time: 0, bytes: begun[stream] };
    }
  }

  /** What was not given yet: the beginnings of characters, whose ends come later. */
  get begun(): Begun {
    return { stdout: this.#begun.stdout.bytes, stderr: this.#begun.stderr.bytes };
  }

  /** What can be said with this piece. */
  *convert({ stream, time, bytes, missing }: Piece): Generator<OutputJsonPiece> {
    // What comes after a gap does not continue what came before it.
    if (missing > 0) yield* this.#flush();
    this.#missing += missing;
    if (this.#only !== null && stream !== this.#only) return;
    const all = concatenate([this.#begun[stream].bytes, bytes]);
    const whole = all.subarray(0, lengthOfWholeCharacters(all));
    this.#begun[stream] = { time, bytes: all.slice(whole.length) };
    if (whole.length > 0) yield this.#piece(stream, time, whole);
  }

  /** What is left at the end of the attempt. */
  *end(): Generator<OutputJsonPiece> {
    yield* this.#flush();
    if (this.#missing > 0) yield this.#piece(this.#only ?? "stdout", null, EMPTY);
  }

  *#flush(): Generator<OutputJsonPiece> {
    for (const stream of ["stdout", "stderr"] as const) {
      const { time, bytes } = this.#begun[stream];
      this.#begun[stream] = { time, bytes: EMPTY };
      if (bytes.length > 0) yield this.#piece(stream, time, bytes);
    }
  }

  #piece(stream: Stream, time: number | null, bytes: Uint8Array): OutputJsonPiece {
    const missing = this.#missing > 0 ? { missing: this.#missing } : {};
    this.#missing = 0;
    return { time: formatTime(time), stream, ...this.#contents(bytes), ...missing };
  }

  #contents(bytes: Uint8Array): { text: string } | { base64: string } {
    try {
      return { text: this.#decoder.decode(bytes) };
    } catch {
      return { base64: toBase64(bytes) };
    }
  }
}

/** How many of the bytes come before a UTF-8 sequence that is begun at their end. */
function lengthOfWholeCharacters(bytes: Uint8Array): number {
  // A sequence has at most four bytes: the first one tells how many, the others are 10xxxxxx.
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return length > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}
