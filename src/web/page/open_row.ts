/**
 * The row of a transcript that is being written.
 *
 * @module
 */

import { PLAIN, sameStyle, type TextStyle } from "./ansi.ts";

/** A run of text in one style. */
export interface Span {
  readonly text: string;
  readonly style: TextStyle;
}

/** A row has at most so many characters, so that no line can stall the page. */
const MAX_COLUMNS = 4096;

/** A row with a cursor. Most rows are only added to; the first step back makes cells of its characters. */
export class OpenRow {
  /** When its beginning was read, RFC 3339; null where nobody knows. */
  readonly time: string | null;
  #runs: Span[] = [];
  #length = 0;
  #cells: { readonly text: string; readonly style: TextStyle }[] | null = null;
  #cursor = 0;

  constructor(time: string | null) {
    this.time = time;
  }

  /** Whether nothing stands in it. */
  get isEmpty(): boolean {
    return this.#cells === null ? this.#length === 0 : this.#cells.length === 0;
  }

  /**
   * Writes at the cursor.
   *
   * @returns what does not fit any more
   */
  put(text: string, style: TextStyle): string {
    if (this.#cells !== null) return this.#overwrite(this.#cells, text, style);
    const end = endOfCharacter(text, MAX_COLUMNS - this.#length);
    this.#add(end === text.length ? text : text.slice(0, end), style);
    return end === text.length ? "" : text.slice(end);
  }

  /** Moves the cursor. */
  move(to: "start" | "back"): void {
    this.#explode();
    this.#cursor = to === "start" ? 0 : Math.max(0, this.#cursor - 1);
  }

  /** Clears from the cursor to the end, from the beginning to the cursor, or all; the cursor stays. */
  erase(part: "end" | "start" | "all"): void {
    const cells = this.#explode();
    if (part === "end") {
      cells.length = Math.min(this.#cursor, cells.length);
      return;
    }
    const end = part === "all" ? cells.length : Math.min(this.#cursor + 1, cells.length);
    cells.fill({ text: " ", style: PLAIN }, 0, end);
  }

  /** What stands in it. */
  spans(): readonly Span[] {
    if (this.#cells !== null) {
      this.#runs = [];
      this.#length = 0;
      for (const { text, style } of this.#cells) this.#add(text, style);
    }
    return [...this.#runs];
  }

  #add(text: string, style: TextStyle): void {
    if (text === "") return;
    const last = this.#runs.at(-1);
    if (last === undefined || !sameStyle(last.style, style)) this.#runs.push({ text, style });
    else this.#runs[this.#runs.length - 1] = { text: last.text + text, style };
    this.#length += text.length;
  }

  #overwrite(cells: Span[], text: string, style: TextStyle): string {
    let at = 0;
    for (const character of text) {
      if (this.#cursor >= MAX_COLUMNS) return text.slice(at);
      cells[this.#cursor++] = { text: character, style };
      at += character.length;
    }
    return "";
  }

  #explode(): Span[] {
    if (this.#cells !== null) return this.#cells;
    const cells = this.#runs.flatMap(({ text, style }) =>
      Array.from(text, (character) => ({ text: character, style }))
    );
    this.#cursor = cells.length;
    return this.#cells = cells;
  }
}

/** The nearest end of a character at or before `end`: no surrogate pair is cut in two. */
function endOfCharacter(text: string, end: number): number {
  if (end >= text.length) return text.length;
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit < 0xdc00 ? end - 1 : end;
}
