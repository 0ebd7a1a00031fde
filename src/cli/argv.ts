/**
 * Splits a command line into flags and words.
 *
 * What follows the first `--` is left alone. A flag that has a value takes the next word as it stands,
 * also if that begins with `-`; only `--` itself has to be written `--flag=--`.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { didYouMean } from "../nearest.ts";
import { quote } from "../quote.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Flag, Flags, FlagValues } from "./flags.ts";

/** `maxRetries`, `max_retries` and `Max-Retries` are all `max-retries`. */
export function kebab(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").replaceAll("_", "-").toLowerCase();
}

/** The names under which flags can be written. */
export class FlagNames {
  /** Names in the table, by what is written: `--max-retries`, `-c`. */
  readonly #names = new Map<string, string>();

  constructor(flags: Flags) {
    for (const [name, { short, aliases = [] }] of Object.entries(flags)) {
      for (const long of [name, ...aliases]) this.#names.set(`--${kebab(long)}`, name);
      if (short !== undefined) this.#names.set(`-${short}`, name);
    }
  }

  long(written: string): string | undefined {
    return this.#names.get(`--${kebab(written)}`);
  }

  short(letter: string): string | undefined {
    return this.#names.get(`-${letter}`);
  }

  /** Whether a word is a flag, known or not; `-` alone and negative numbers are words. */
  isFlag(word: string): boolean {
    return /^-./s.test(word) && !(/^-\.?\d/.test(word) && !this.short(word[1]!));
  }
}

/** What comes next on the command line, after the flags that were read over. */
export type Next =
  | { readonly kind: "word"; readonly word: string }
  /** A flag that is not in the table, as it was written; it is not read over. */
  | { readonly kind: "unknown"; readonly flag: string }
  | { readonly kind: "end" };

/** Reads a command line from left to right, as far as the flags are known. */
export class Argv {
  /** What was after the first `--`; null if there was none. */
  readonly rest: readonly string[] | null;
  readonly #words: readonly string[];
  readonly #given = new Map<string, string[]>();
  #at = 0;

  constructor(argv: readonly string[]) {
    const end = argv.indexOf("--");
    this.#words = end < 0 ? argv : argv.slice(0, end);
    this.rest = end < 0 ? null : argv.slice(end + 1);
  }

  /** Whether a flag was read. */
  has(name: string): boolean {
    return this.#given.has(name);
  }

  /** Whether somebody seems to ask for help, in a command line that cannot be read. */
  get mentionsHelp(): boolean {
    return this.#words.some((word) => word === "--help" || word === "-h");
  }

  /**
   * Reads flags up to the next word, and the word.
   *
   * @throws {CommandLineError} if a flag lacks its value, has one that it cannot have, or is repeated
   */
  next(flags: Flags): Next {
    return this.#next(flags, new FlagNames(flags));
  }

  #next(flags: Flags, names: FlagNames): Next {
    for (; this.#at < this.#words.length; this.#at++) {
      const word = this.#words[this.#at]!;
      if (!names.isFlag(word)) {
        this.#at++;
        return { kind: "word", word };
      }
      const unknown = word.startsWith("--")
        ? this.#readLong(word, flags, names)
        : this.#readShort(word, flags, names);
      if (unknown !== null) return { kind: "unknown", flag: unknown };
    }
    return { kind: "end" };
  }

  /**
   * Reads the rest: all words that are left.
   *
   * @param takesCommand whether a command to run may follow the first `--`
   * @throws {CommandLineError} as `next` does, or if a flag is not known
   */
  words(flags: Flags, takesCommand = false): string[] {
    const names = new FlagNames(flags);
    const words: string[] = [];
    for (;;) {
      const next = this.#next(flags, names);
      if (next.kind === "end") return words;
      if (next.kind === "unknown") {
        const isOfCommand = takesCommand && words.length > 0 && this.rest === null;
        throw unknownFlag(next.flag, flags, isOfCommand ? "; a command to run goes after --" : "");
      }
      words.push(next.word);
    }
  }

  /**
   * The values of the flags that were read.
   *
   * @throws {UsageError} if one is not valid
   */
  values<F extends Flags>(flags: F): FlagValues<F> {
    const values: Record<string, unknown> = {};
    for (const [name, flag] of Object.entries(flags)) {
      try {
        values[name] = flag.read(this.#given.get(name) ?? []);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        throw new UsageError(`--${kebab(name)} ${error.message}`);
      }
    }
    return values as FlagValues<F>;
  }

  /** Reads `--name`, `--name=value` or `--name value`; if it is not known, returns it. */
  #readLong(word: string, flags: Flags, names: FlagNames): string | null {
    const [, written, attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word)!;
    const name = names.long(written!);
    if (name === undefined) return `--${written}`;
    const flag = flags[name]!;
    this.#add(name, flag, attached ?? (flag.bare ? "true" : this.#value(`--${kebab(name)}`)));
    return null;
  }

  /** Reads `-c 3`, `-c3`, `-c=3` or letters of flags without values; if one is not known, returns it. */
  #readShort(word: string, flags: Flags, names: FlagNames): string | null {
    // `-count` is a slip for `--count`, not `-c ount`.
    const written = word.slice(1).split("=", 1)[0]!;
    if (written.length > 1 && names.long(written) !== undefined) return `-${written}`;
    for (let i = 1; i < word.length; i++) {
      const name = names.short(word[i]!);
      if (name === undefined) return `-${i === 1 ? written : word[i]}`;
      const flag = flags[name]!;
      const attached = word.slice(i + 1).replace(/^=/, "");
      if (flag.bare && word[i + 1] !== "=") this.#add(name, flag, "true");
      else {
        const hasValue = i + 1 < word.length;
        this.#add(name, flag, hasValue ? attached : this.#value(`-${word[i]}`));
        return null;
      }
    }
    return null;
  }

  #value(written: string): string {
    const value = this.#words[++this.#at];
    if (value === undefined) throw new CommandLineError(`${written} needs a value`);
    return value;
  }

  #add(name: string, flag: Flag<unknown>, text: string): void {
    const before = this.#given.get(name) ?? [];
    if (before.length > 0 && !flag.repeatable && !(flag.bare && before[0] === text)) {
      throw new CommandLineError(`--${kebab(name)} is given twice`);
    }
    this.#given.set(name, [...before, text]);
  }
}

/**
 * The error for a flag that is not in the table, with the flag that was probably meant.
 *
 * @param otherwise what to say if no flag resembles it
 */
export function unknownFlag(written: string, flags: Flags, otherwise = ""): CommandLineError {
  const known = Object.entries(flags).flatMap(([name, { aliases = [] }]) => [name, ...aliases]);
  const shown = /^-+[\w-]+$/.test(written) ? written : quote(written);
  // A single letter resembles everything.
  const meant = written.length > 2
    ? didYouMean(written.replace(/^-+/, ""), known.map(kebab), "--")
    : "";
  return new CommandLineError(`Unknown flag ${shown}${meant || otherwise}`);
}
