/**
 * What may stand at the cursor of a command line.
 *
 * @module
 */

import { escapeText } from "../../escape.ts";
import type { Section } from "../app.ts";
import { FlagNames, kebab } from "../argv.ts";
import type { Args } from "../args.ts";
import type { Flag, Flags } from "../flags.ts";
import type { Hint } from "../hint.ts";
import { Line } from "./line.ts";

/** Something that may be typed. */
export interface Candidate {
  readonly value: string;
  /** One line about it, for shells that show one; empty if there is nothing to say. */
  readonly description: string;
}

/** What may stand at the cursor. */
export interface Completion {
  /**
   * Who knows: these candidates, or the shell, which completes files, directories, or the command
   * after `--`.
   */
  readonly kind: "values" | "file" | "directory" | "command";
  /** The beginning of the word at the cursor to which that applies not: `--state=pending,`. */
  readonly prefix: string;
  readonly candidates: readonly Candidate[];
  /** With `command`: so many words come before the command. */
  readonly before: number;
}

/** Finds the values that a hint stands for. */
export interface Source {
  /**
   * @param begin how they are to begin
   * @param db the store that the command line names
   */
  (hint: LiveHint, begin: string, db: string | undefined): Promise<readonly Candidate[]>;
}

/** A hint whose values are neither fixed nor the shell's. */
export type LiveHint = Exclude<Hint, readonly string[] | "file" | "@file" | "directory">;

/** What is asked for: values for a hint. */
interface Wanted {
  readonly hint: Hint | undefined;
  readonly begin: string;
  readonly prefix: string;
  /** Values that are given already. */
  readonly taken: readonly string[];
}

const NOTHING: Completion = { kind: "values", prefix: "", candidates: [], before: 0 };

/**
 * Completes the last word.
 *
 * @param words the command line up to the cursor, without the program's name; the last one may be empty
 */
export async function complete(
  app: readonly Section[],
  words: readonly string[],
  source: Source,
): Promise<Completion> {
  const line = await Line.read(app, words.slice(0, -1));
  const word = words.at(-1) ?? "";
  if (line.restAt !== null) {
    if (line.command?.rest === undefined) return await values(argument(line, word), line, source);
    return { ...NOTHING, kind: "command", before: line.restAt };
  }
  if (line.open !== null) {
    return await values(flagValue(line, line.flags, line.open, word, ""), line, source);
  }
  if (word.startsWith("-")) {
    const flags = await line.flagsHere();
    const attached = attachedValue(line, flags, word);
    return attached === null ? flagNames(line, flags, word) : await values(attached, line, source);
  }
  if (line.command === null) return pick(word, "", line.names.map(describeEntry));
  const wanted = argument(line, word);
  // Where nothing is known of a word, or none can follow, flags can.
  if (wanted.hint === undefined && word === "") return flagNames(line, line.flags, word);
  return await values(wanted, line, source);
}

async function values(
  { hint, begin, prefix, taken }: Wanted,
  line: Line,
  source: Source,
): Promise<Completion> {
  if (hint === undefined || hint === "@file") return NOTHING;
  if (hint === "file" || hint === "directory") return { ...NOTHING, kind: hint, prefix };
  const found = isWords(hint)
    ? hint.map((value) => ({ value, description: "" }))
    : await source(hint, begin, line.given.get("db")?.at(-1));
  return pick(begin, prefix, found.filter(({ value }) => !taken.includes(value)));
}

/** Those that begin as typed, and that a terminal can show as they are. */
function pick(begin: string, prefix: string, candidates: readonly Candidate[]): Completion {
  const fitting = candidates.filter(({ value }) =>
    value !== "" && value.startsWith(begin) && escapeText(value) === value
  );
  return { ...NOTHING, prefix, candidates: fitting };
}

function argument({ command, words }: Line, word: string): Wanted {
  const args = Object.values<Args[string]>(command?.args ?? {});
  const at = args.findIndex(({ variadic }, i) => variadic || i === words.length);
  const { complete: hint, variadic } = args[at] ?? { complete: undefined, variadic: false };
  const taken = variadic ? words.slice(at) : [];
  if (hint === "@file") {
    return { hint: word.startsWith("@") ? "file" : undefined, begin: "", prefix: "@", taken };
  }
  const isOver = hint === "config-key" && taken.length > 0;
  return { hint: isOver ? [] : hint, begin: word, prefix: "", taken };
}

function flagValue(line: Line, flags: Flags, name: string, text: string, prefix: string): Wanted {
  const flag: Flag<unknown> = flags[name]!;
  const hint = flag.bare ? ["true", "false"] : flag.complete;
  const items = flag.commas ? text.split(",") : [text];
  const begin = items.pop()!;
  const given = line.given.get(name) ?? [];
  return {
    hint,
    begin,
    prefix: prefix + text.slice(0, text.length - begin.length),
    taken: [...items, ...flag.commas ? given.flatMap((one) => one.split(",")) : given],
  };
}

/** The value in `--flag=value`, `-f=value` or `-fvalue`; null if there is none. */
function attachedValue(line: Line, flags: Flags, word: string): Wanted | null {
  const names = new FlagNames(flags);
  const [, long, short, text] = /^(?:--([^=]+)=|-([^-])=?(?=.))(.*)$/s.exec(word) ?? [];
  const name = long === undefined ? names.short(short ?? "") : names.long(long);
  if (name === undefined || text === undefined) return null;
  // `-nt` are two letters.
  if (long === undefined && flags[name]!.bare) return null;
  return flagValue(line, flags, name, text, word.slice(0, word.length - text.length));
}

function flagNames(line: Line, flags: Flags, word: string): Completion {
  const free = Object.entries(flags).filter(([name, flag]) =>
    !flag.hidden && (flag.repeatable || !line.given.has(name))
  );
  return pick(
    word,
    "",
    free.map(([name, { summary }]) => ({ value: `--${kebab(name)}`, description: summary })),
  );
}

function describeEntry({ name, summary }: { name: string; summary: string }): Candidate {
  return { value: name, description: summary };
}

function isWords(hint: Hint): hint is readonly string[] {
  return Array.isArray(hint);
}
