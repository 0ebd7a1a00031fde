/**
 * What the demo says.
 *
 * @module
 */

import { type Color, paint } from "../color.ts";
import { escapeText } from "../../escape.ts";
import type { Output } from "../output.ts";
import { cutText, loadWidth, type Width } from "../width.ts";
import { wrap } from "../wrap.ts";

/** How wide its own text is where there is no terminal, or a wide one. */
const WIDTH = 90;
const INDENT = "  ";

/** Tells the story, a line at a time; without an output, to nobody. */
export class Narrator {
  readonly #output: Output | null;
  readonly #width: Width;

  private constructor(output: Output | null, width: Width) {
    this.#output = output;
    this.#width = width;
  }

  /** @param output null if it is to be silent */
  static async to(output: Output | null): Promise<Narrator> {
    return new Narrator(output, await loadWidth(["…"]));
  }

  /** A heading. */
  title(text: string): Promise<void> {
    return this.#write([text], "bold");
  }

  /** Prose. */
  say(text: string): Promise<void> {
    const room = Math.min(WIDTH, this.#output?.columns ?? WIDTH);
    return this.#write(wrap(text, room - INDENT.length).map(indent));
  }

  /** A command line that the user could type. */
  command(text: string): Promise<void> {
    return this.#write([indent(`$ ${text}`)], "blue");
  }

  /** A line that a command printed, or that stands in a file; cut where the terminal is too narrow. */
  shown(line: string): Promise<void> {
    const text = indent(escapeText(line)).trimEnd();
    const room = this.#output?.columns ?? Infinity;
    return this.#write([cutText(text, room, this.#width)], "dim");
  }

  /** Something that was verified. */
  verified(sentence: string): Promise<void> {
    return this.#write([indent(`✓ ${sentence}`)], "green");
  }

  /** Something that is not as it should be. */
  failed(sentence: string): Promise<void> {
    return this.#write([indent(`✗ ${escapeText(sentence)}`)], "red");
  }

  /** An empty line. */
  gap(): Promise<void> {
    return this.#write([""]);
  }

  /** The output's own promise: a failure of a write that nobody waits for shows in the next one. */
  #write(lines: readonly string[], color?: Color): Promise<void> {
    if (this.#output === null) return Promise.resolve();
    const { color: isOn } = this.#output;
    const painted = lines.map((line) => color === undefined ? line : paint(line, color, isOn));
    return this.#output.line(painted.join("\n"));
  }
}

function indent(line: string): string {
  return INDENT + line;
}
