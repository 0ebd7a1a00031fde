/**
 * The output of an attempt as rows, as far as it has come: bounded, whatever a command writes.
 *
 * @module
 */

import { type Action, AnsiReader, PLAIN, type TextStyle } from "./ansi.ts";
import { OpenRow, type Span } from "./open_row.ts";

/** Where a piece was written to. */
export type Stream = "stdout" | "stderr";

/** One row. */
export interface Row {
  /** Counted from 0 over the whole transcript; never repeats. */
  readonly number: number;
  /** `gap`: here something is missing, and the text says how much. */
  readonly kind: Stream | "gap";
  /** When its beginning was read, RFC 3339; null where nobody knows. */
  readonly time: string | null;
  readonly spans: readonly Span[];
  /** How much it is to the browser: 1, and more for many spans and much text. */
  readonly weight: number;
  /** It goes on in the next row, without a newline between. */
  readonly wrapped: boolean;
}

/** Output as the API gives it (`OutputJsonPiece`). */
export interface Piece {
  readonly time: string | null;
  readonly stream: Stream;
  readonly text?: string;
  readonly base64?: string;
  /** How many bytes are missing before it. */
  readonly missing?: number;
}

/** So many rows are kept; the oldest ones go, a tenth more at a time. */
const MAX_ROWS = 50_000;

/** So many characters are kept in all, 16 Mi. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** Takes the pieces of an attempt, and has the rows that they make. */
export class Transcript {
  readonly #readers: Record<Stream, AnsiReader> = {
    stdout: new AnsiReader(),
    stderr: new AnsiReader(),
  };
  #rows: Row[] = [];
  #next = 0;
  #characters = 0;
  #open: { stream: Stream; row: OpenRow } | null = null;

  /** How many rows were given up because there were too many. */
  get dropped(): number {
    return this.#next - this.#rows.length;
  }

  /** How many rows there are, the open one included. */
  get size(): number {
    return this.#rows.length + (this.#openRow() === null ? 0 : 1);
  }

  /** Whether nothing has come. */
  get isEmpty(): boolean {
    return this.size === 0 && this.dropped === 0;
  }

  /** Takes the next piece. */
  add({ time, stream, text, base64, missing = 0 }: Piece): void {
    if (missing > 0) this.#gap(missing);
    const all = text ?? (base64 === undefined ? "" : decodeBase64(base64));
    for (const action of this.#readers[stream].read(all)) this.#take(action, stream, time);
    this.#shrink();
  }

  /** The attempt has ended: nothing more comes. */
  end(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      for (const action of this.#readers[stream].end()) this.#take(action, stream, null);
    }
  }

  /** The closed rows with these numbers, as far as they are kept. */
  rows(from: number, to: number): readonly Row[] {
    return this.#rows.slice(Math.max(0, from - this.dropped), Math.max(0, to - this.dropped));
  }

  /** How much a row is to the browser: a plain, short one is 1. */
  weightOf(number: number): number {
    const row = this.#rows[number - this.dropped];
    return row === undefined ? 1 : row.weight;
  }

  /** The number after that of the last closed row. Closed rows change no more. */
  get closed(): number {
    return this.#next;
  }

  /** The row that is being written; null if there is none. */
  openRow(): Row | null {
    return this.#openRow();
  }

  /**
   * All that is kept, as plain text.
   *
   * @param only one stream alone, and what is missing; null is both
   */
  text(only: Stream | null = null): string {
    const open = this.#openRow();
    const all = open === null ? this.#rows : [...this.#rows, open];
    return all.filter(({ kind }) => only === null || kind === only || kind === "gap")
      .map(({ spans, wrapped }) => plainText(spans) + (wrapped ? "" : "\n")).join("");
  }

  #openRow(): Row | null {
    if (this.#open === null || this.#open.row.isEmpty) return null;
    const { stream, row } = this.#open;
    const spans = row.spans();
    const number = this.#next;
    return { number, kind: stream, time: row.time, spans, weight: weigh(spans), wrapped: false };
  }

  #take(action: Action, stream: Stream, time: string | null): void {
    // A line that the other stream has begun stays as it is.
    if (this.#open !== null && this.#open.stream !== stream) this.#close(false);
    this.#open ??= { stream, row: new OpenRow(time) };
    switch (action.kind) {
      case "text":
        return this.#put(action.text, action.style, stream, time);
      case "newline":
        return this.#close(true);
      case "return":
        return this.#open.row.move("start");
      case "back":
        return this.#open.row.move("back");
      case "erase":
        return this.#open.row.erase(action.part);
    }
  }

  #put(text: string, style: TextStyle, stream: Stream, time: string | null): void {
    for (let rest = this.#open!.row.put(text, style); rest !== "";) {
      this.#push(stream, this.#open!.row, true);
      this.#open = { stream, row: new OpenRow(time) };
      rest = this.#open.row.put(rest, style);
    }
  }

  /** @param evenEmpty an empty line is a row, what only another stream's turn ends is none */
  #close(evenEmpty: boolean): void {
    if (this.#open === null) return;
    const { stream, row } = this.#open;
    this.#open = null;
    if (evenEmpty || !row.isEmpty) this.#push(stream, row, false);
  }

  #push(kind: Stream, row: OpenRow, wrapped: boolean): void {
    const spans = row.spans();
    const [number, weight] = [this.#next++, weigh(spans)];
    this.#rows.push({ number, kind, time: row.time, spans, weight, wrapped });
    this.#characters += plainText(spans).length;
  }

  #gap(bytes: number): void {
    this.#close(false);
    const spans = [{ text: `${bytes.toLocaleString("en")} bytes are missing here`, style: PLAIN }];
    this.#characters += plainText(spans).length;
    const [number, kind] = [this.#next++, "gap"] as const;
    this.#rows.push({ number, kind, time: null, spans, weight: 1, wrapped: false });
  }

  #shrink(): void {
    const isOver = this.#rows.length > MAX_ROWS * 1.1;
    let count = isOver ? this.#rows.length - MAX_ROWS : 0;
    for (let at = 0; at < this.#rows.length; at++) {
      if (at >= count && this.#characters <= MAX_CHARACTERS) break;
      this.#characters -= plainText(this.#rows[at]!.spans).length;
      count = Math.max(count, at + 1);
    }
    if (count > 0) this.#rows = this.#rows.slice(count);
  }
}

function weigh(spans: readonly Span[]): number {
  return 1 + spans.length / 4 + plainText(spans).length / 400;
}

/** The text of a row without its colours. */
export function plainText(spans: readonly Span[]): string {
  return spans.map(({ text }) => text).join("");
}

function decodeBase64(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
