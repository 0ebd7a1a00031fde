/**
 * What a command wrote, as a terminal would take it: text with styles, and the few movements that matter
 * in a log. Everything else that a terminal acts on (titles, links, cursor keys, queries) is dropped.
 *
 * @module
 */

import Anser from "anser";
import { escapeText } from "../../escape.ts";
import { paletteColor, readable } from "./ansi_colors.ts";

/** How a run of text looks. */
export interface TextStyle {
  /** Classes of page.css, `ansi-…`; empty for plain text. */
  readonly classes: string;
  /** A CSS colour where no class has it. */
  readonly color: string | null;
  /** The same for the background. */
  readonly background: string | null;
}

/** Text as it was written, in the terminal's own colours. */
export const PLAIN: TextStyle = { classes: "", color: null, background: null };

/** A character that is not text, made visible. */
const CONTROL: TextStyle = { classes: "ansi-control", color: null, background: null };

/** One thing that a terminal would do. */
export type Action =
  | { readonly kind: "text"; readonly text: string; readonly style: TextStyle }
  /** To the beginning of the next line. */
  | { readonly kind: "newline" }
  /** To the beginning of this line: what comes next overwrites it. */
  | { readonly kind: "return" }
  /** One column back. */
  | { readonly kind: "back" }
  /** Clears from the cursor to the end of the line, from its beginning to the cursor, or all of it. */
  | { readonly kind: "erase"; readonly part: "end" | "start" | "all" };

// A control sequence: parameters, intermediates, a final byte (ECMA-48, 5.4).
// deno-lint-ignore no-control-regex
const CSI = /^(?:\x1b\[|\x9b)([\x30-\x3f]*)([\x20-\x2f]*)([\x40-\x7e])/;
// A string for the terminal itself: title, link, clipboard. It ends with BEL or ST (ECMA-48, 5.6).
// deno-lint-ignore no-control-regex
const STRING = /^(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)/;
// Any other escape sequence: `ESC 7`, `ESC ( B`.
// deno-lint-ignore no-control-regex
const ESCAPE = /^\x1b(?![[\]PX^_])[\x20-\x2f]*[\x30-\x7e]/;
// The beginning of one of them whose end may be in the next piece.
const BEGUN =
  // deno-lint-ignore no-control-regex
  /^(?:(?:\x1b\[|\x9b)[\x30-\x3f]*[\x20-\x2f]*|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*\x1b?|\x1b[\x20-\x2f]*)$/;

/** A sequence that is longer is none: it would swallow the rest of the output. */
const MAX_SEQUENCE = 4096;

/** So many numbers of one SGR sequence are read. */
const MAX_PARAMETERS = 64;

/** Reads one stream, piece by piece. Styles and sequences go on from one piece to the next. */
export class AnsiReader {
  readonly #anser = new Anser();
  #style = PLAIN;
  /** A sequence whose end has not come yet. */
  #begun = "";

  /** What the piece does. */
  *read(piece: string): Generator<Action> {
    const text = this.#begun + piece;
    this.#begun = "";
    let at = 0;
    while (at < text.length) {
      const length = nextControl(text, at) - at;
      if (length > 0) {
        yield { kind: "text", text: escapeText(text.slice(at, at + length)), style: this.#style };
        at += length;
      } else {
        const taken = yield* this.#control(text, at);
        if (taken === 0) return;
        at += taken;
      }
    }
  }

  /** What is left when nothing more comes: a sequence that was never ended, shown as it is. */
  *end(): Generator<Action> {
    const begun = this.#begun;
    this.#begun = "";
    if (begun !== "") yield { kind: "text", text: escapeText(begun), style: CONTROL };
  }

  /** Reads what begins with the control character at `at`; how long it is, 0 if its end is to come. */
  *#control(text: string, at: number): Generator<Action, number> {
    switch (text[at]) {
      case "\n":
        yield { kind: "newline" };
        return 1;
      case "\r":
        // A line that ends as on Windows is not to be overwritten.
        if (text[at + 1] === "\n") return 1;
        yield { kind: "return" };
        return 1;
      case "\b":
        yield { kind: "back" };
        return 1;
      case "\t":
        yield { kind: "text", text: "\t", style: this.#style };
        return 1;
      case "\x07":
        return 1;
    }
    const rest = text.slice(at, at + MAX_SEQUENCE);
    const sequence = CSI.exec(rest);
    if (sequence !== null) {
      yield* this.#sequence(sequence);
      return sequence[0].length;
    }
    const dropped = STRING.exec(rest) ?? ESCAPE.exec(rest);
    if (dropped !== null) return dropped[0].length;
    if (at + rest.length === text.length && rest.length < MAX_SEQUENCE && BEGUN.test(rest)) {
      this.#begun = rest;
      return 0;
    }
    yield { kind: "text", text: escapeText(text[at]!), style: CONTROL };
    return 1;
  }

  *#sequence([, parameters, intermediates, final]: RegExpExecArray): Generator<Action> {
    if (intermediates !== "") return;
    // With `<`, `=`, `>` or `?` it is not SGR but somebody's own.
    if (final === "m" && /^[\d;:]*$/.test(parameters!)) this.#style = this.#select(parameters!);
    if (final !== "K") return;
    const part = parameters === "1" ? "start" : parameters === "2" ? "all" : "end";
    yield { kind: "erase", part };
  }

  /** SGR: the style from here on. */
  #select(parameters: string): TextStyle {
    const entry = this.#anser.processChunkJson(
      `${simplified(parameters)}m`,
      { use_classes: true },
      true,
    );
    // Anser adds a decoration each time it is asked for, and takes away only one of them. Its list is its
    // state: mended here, or a megabyte of `ESC[1m` would take minutes.
    const decorations = [...new Set(entry.decorations)];
    entry.decorations.splice(0, Infinity, ...decorations);
    const inverse = decorations.includes("reverse");
    const [front, back] = inverse
      ? [colorOf(entry.bg, entry.bg_truecolor), colorOf(entry.fg, entry.fg_truecolor)]
      : [colorOf(entry.fg, entry.fg_truecolor), colorOf(entry.bg, entry.bg_truecolor)];
    const classes = [
      ...decorations.filter((name) => name !== "blink").map((name) => `ansi-${name}`),
      ...(front?.name === undefined ? [] : [`${front.name}-fg`]),
      ...(back?.name === undefined ? [] : [`${back.name}-bg`]),
    ].join(" ");
    const color = front?.rgb === undefined ? null : readable(front.rgb, back === null);
    const background = back?.rgb === undefined ? null : `rgb(${back.rgb.join(", ")})`;
    const style = { classes, color, background };
    return sameStyle(style, PLAIN) ? PLAIN : style;
  }
}

/** Whether two runs look alike. */
export function sameStyle(a: TextStyle, b: TextStyle): boolean {
  return a === b ||
    (a.classes === b.classes && a.color === b.color && a.background === b.background);
}

/** The numbers of SGR as everybody writes them, without what Anser does not know. */
function simplified(parameters: string): string {
  return parameters
    // `38:2::255:0:0` is how the standard writes `38;2;255;0;0`.
    .replace(/([345]8):2:\d*:(?=\d+:\d+:\d)/g, "$1;2;")
    // Kinds of underlines.
    .replace(/(^|;)4:(\d+)/g, (_, before, kind) => `${before}${kind === "0" ? 24 : 4}`)
    .replaceAll(":", ";")
    // The colour of an underline.
    .replace(/(^|;)58;(?:5;\d+|2;\d+;\d+;\d+)/g, "$1")
    .split(";").slice(0, MAX_PARAMETERS).join(";");
}

interface Color {
  readonly name?: string;
  readonly rgb?: readonly [number, number, number];
}

function colorOf(name: string | null, trueColor: string | null): Color | null {
  if (name === null) return null;
  if (name === "ansi-truecolor") {
    const [red = 0, green = 0, blue = 0] = (trueColor ?? "").split(",").map(Number);
    return { rgb: [red, green, blue] };
  }
  const index = /^ansi-palette-(\d+)$/.exec(name)?.[1];
  return index === undefined ? { name } : { rgb: paletteColor(Number(index)) };
}

/** Where the next control character is, or the end. */
function nextControl(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return at;
  }
  return text.length;
}
