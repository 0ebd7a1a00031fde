/**
 * Flags: what a command declares to get typed values. Read it as `flag.integer({ … })`.
 *
 * A flag is declared under a camelCase name and written in kebab-case: `maxRetries` is `--max-retries`.
 *
 * @module
 */

import { formatDuration } from "../job/duration.ts";
import { quote } from "../quote.ts";
import type { Hint } from "./hint.ts";
import {
  integerIn,
  numberIn,
  oneOf,
  type Range,
  readDuration,
  type Reader,
  readText,
} from "../readers.ts";

/** What every flag says about itself. */
export interface Described {
  /** One line for the help, sentence case, no full stop. */
  readonly summary: string;
  /** A letter: `c` is `-c`. */
  readonly short?: string;
  /** Other names that are understood and not shown, in kebab-case. */
  readonly aliases?: readonly string[];
  /** What stands for the value in the help, such as `N`. */
  readonly placeholder?: string;
  /** What the help shows as the default, where it is not the value itself. */
  readonly defaultText?: string;
  /** What a shell offers as its value. */
  readonly complete?: Hint;
  /** Neither shown nor offered: for what is understood only to say why it is refused. */
  readonly hidden?: boolean;
}

/** A flag that reads to `T`. */
export interface Flag<T> extends Described {
  /** Null for a flag that takes no value. */
  readonly placeholder: string;
  /** Whether it stands alone, without a value. */
  readonly bare: boolean;
  /** Whether it may be given more than once. */
  readonly repeatable: boolean;
  /** Whether a value is a list with commas. */
  readonly commas?: boolean;
  /**
   * The value.
   *
   * @param texts what was given, none if the flag was not
   * @throws {RangeError} see {@linkcode Reader}
   */
  read(texts: readonly string[]): T;
}

/** The flags of a command, by their camelCase names. */
export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** What the flags read to. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends Flag<infer T> ? T : never;
};

/** The options of a flag that has a value: with a default it is always there. */
type Single<T> = Described & { readonly default?: T };
type Defaulted<T> = Described & { readonly default: T };

/** `--drain`, and for scripts `--drain=false`. */
export function boolean(options: Described): Flag<boolean> {
  return {
    ...options,
    placeholder: "",
    bare: true,
    repeatable: false,
    read: ([text]) => text !== undefined && oneOf(["true", "false"])(text) === "true",
  };
}

/** A flag whose value is read by a reader of the command's own. */
export function value<T>(reader: Reader<T>, options: Defaulted<T>): Flag<T>;
/** A flag whose value is read by a reader of the command's own; undefined if it is not given. */
export function value<T>(reader: Reader<T>, options: Single<T>): Flag<T | undefined>;
export function value<T>(reader: Reader<T>, options: Single<T>): Flag<T | undefined> {
  const { default: fallback, ...described } = options;
  return {
    ...(fallback === undefined ? {} : { defaultText: String(fallback) }),
    placeholder: "VALUE",
    ...described,
    bare: false,
    repeatable: false,
    read: ([text]) => text === undefined ? fallback : reader(text),
  };
}

/** Any text. */
export function string(options: Defaulted<string>): Flag<string>;
/** Any text; undefined if it is not given. */
export function string(options: Single<string>): Flag<string | undefined>;
export function string(options: Single<string>): Flag<string | undefined> {
  return value(readText, { placeholder: "TEXT", ...options });
}

/** A whole number. */
export function integer(options: Defaulted<number> & Range): Flag<number>;
/** A whole number; undefined if it is not given. */
export function integer(options: Single<number> & Range): Flag<number | undefined>;
export function integer(options: Single<number> & Range): Flag<number | undefined> {
  const { min, max, ...single } = options;
  return value(integerIn(bounds(min, max)), { placeholder: "N", ...single });
}

/** A number. */
export function number(options: Defaulted<number> & Range): Flag<number>;
/** A number; undefined if it is not given. */
export function number(options: Single<number> & Range): Flag<number | undefined>;
export function number(options: Single<number> & Range): Flag<number | undefined> {
  const { min, max, ...single } = options;
  return value(numberIn(bounds(min, max)), { placeholder: "X", ...single });
}

/** A duration, in whole milliseconds. */
export function duration(options: Defaulted<number>): Flag<number>;
/** A duration, in whole milliseconds; undefined if it is not given. */
export function duration(options: Single<number>): Flag<number | undefined>;
export function duration(options: Single<number>): Flag<number | undefined> {
  const defaultText = options.default === undefined
    ? {}
    : { defaultText: formatDuration(options.default) };
  return value(readDuration, { placeholder: "DURATION", ...defaultText, ...options });
}

/** The same flag for a command in which nothing stands for a value that is not given. */
export function withoutDefault<T>(flag: Flag<T>): Flag<T> {
  const { defaultText: _, ...rest } = flag;
  return rest;
}

/** One of a few words. */
export function choice<const T extends string>(
  words: readonly T[],
  options: Defaulted<NoInfer<T>>,
): Flag<T>;
/** One of a few words; undefined if it is not given. */
export function choice<const T extends string>(
  words: readonly T[],
  options: Single<NoInfer<T>>,
): Flag<T | undefined>;
export function choice<const T extends string>(
  words: readonly T[],
  options: Single<T>,
): Flag<T | undefined> {
  const summary = `${options.summary}: ${words.join(", ")}`;
  return value(oneOf(words), { placeholder: "WORD", complete: words, ...options, summary });
}

/** `--state a,b --state c`: items, separated by commas or given one by one; none if it is not given. */
export function list<T>(reader: Reader<T>, options: Described): Flag<readonly T[]> {
  const read = (texts: readonly string[]) => texts.flatMap((text) => text.split(",")).map(item);
  return { ...repeated(options, read), commas: true };

  function item(text: string): T {
    const trimmed = text.trim();
    if (trimmed === "") throw new RangeError("must not have an empty item");
    return reader(trimmed);
  }
}

/** `--tag a --tag b,c`: each time one item, commas and all; none if it is not given. */
export function many<T>(reader: Reader<T>, options: Described): Flag<readonly T[]> {
  return repeated(options, (texts) => texts.map((text) => reader(text)));
}

/** `--env A=1 --env B=2`; empty if it is not given. */
export function pairs(options: Described): Flag<ReadonlyMap<string, string>> {
  const { placeholder = "KEY=VALUE" } = options;
  return repeated({ ...options, placeholder }, (texts) => {
    const found = new Map<string, string>();
    for (const text of texts) {
      const at = text.indexOf("=");
      // What follows a = is a value, and may be a secret.
      if (at === 0) throw new RangeError(`must be ${placeholder}, with a name before the =`);
      // Without one it may still be a secret, unless it is no more than a name.
      if (at < 0) {
        throw new RangeError(
          `must be ${placeholder}${/^\w+$/.test(text) ? `, not ${quote(text)}` : ""}`,
        );
      }
      const key = text.slice(0, at);
      if (found.has(key)) throw new RangeError(`must not name ${quote(key)} twice`);
      found.set(key, text.slice(at + 1));
    }
    return found;
  });
}

function repeated<T>(options: Described, read: (texts: readonly string[]) => T): Flag<T> {
  return { placeholder: "VALUE", ...options, bare: false, repeatable: true, read };
}

function bounds(min: number | undefined, max: number | undefined): Range {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}
