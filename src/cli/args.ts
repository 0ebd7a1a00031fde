/**
 * Positional arguments: what a command declares to get them typed. Read it as `arg.one("KEY", …)`.
 *
 * @module
 */

import { quote } from "../quote.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Hint } from "./hint.ts";

/** A positional argument that reads to `T`. */
export interface Arg<T> {
  /** Its name in the help: `KEY`. */
  readonly placeholder: string;
  /** One line for the help, sentence case, no full stop. */
  readonly summary: string;
  readonly required: boolean;
  /** Whether it takes all words that are left; only the last argument may. */
  readonly variadic: boolean;
  /** What a shell offers for it. */
  readonly complete?: Hint;
  /** The value; as many words as the two properties above say. */
  read(words: readonly string[]): T;
}

/** The arguments of a command in their order. */
export type Args = Readonly<Record<string, Arg<unknown>>>;

/** What the arguments read to. */
export type ArgValues<A extends Args> = {
  readonly [Name in keyof A]: A[Name] extends Arg<infer T> ? T : never;
};

/** One word. */
export function one(placeholder: string, summary: string, complete?: Hint): Arg<string> {
  return {
    ...described(placeholder, summary, complete),
    required: true,
    variadic: false,
    read: ([word]) => word!,
  };
}

/** One word or none. */
export function optional(
  placeholder: string,
  summary: string,
  complete?: Hint,
): Arg<string | undefined> {
  return {
    ...described(placeholder, summary, complete),
    required: false,
    variadic: false,
    read: ([word]) => word,
  };
}

/** One word or more. */
export function many(
  placeholder: string,
  summary: string,
  complete?: Hint,
): Arg<readonly string[]> {
  return {
    ...described(placeholder, summary, complete),
    required: true,
    variadic: true,
    read: (words) => words,
  };
}

/** Any number of words. */
export function any(placeholder: string, summary: string, complete?: Hint): Arg<readonly string[]> {
  return {
    ...described(placeholder, summary, complete),
    required: false,
    variadic: true,
    read: (words) => words,
  };
}

function described(placeholder: string, summary: string, complete: Hint | undefined) {
  return { placeholder, summary, ...(complete === undefined ? {} : { complete }) };
}

/** The arguments as the usage line shows them: `KEY [VALUE]`, `ID…`. */
export function describeArgs(args: Args): string {
  return Object.values(args).map(({ placeholder, required, variadic }) => {
    const text = variadic ? `${placeholder}…` : placeholder;
    return required ? text : `[${text}]`;
  }).join(" ");
}

/**
 * Gives the words to the arguments, in order.
 *
 * @throws {CommandLineError} if there are too few or too many
 */
export function readArgs<A extends Args>(args: A, words: readonly string[]): ArgValues<A> {
  const values: Record<string, unknown> = {};
  let next = 0;
  for (const [name, arg] of Object.entries(args)) {
    const taken = words.slice(next, arg.variadic ? undefined : next + 1);
    if (arg.required && taken.length === 0) {
      throw new CommandLineError(`Missing ${arg.placeholder}`);
    }
    values[name] = arg.read(taken);
    next += taken.length;
  }
  if (next < words.length) {
    throw new CommandLineError(`Unexpected argument ${quote(words[next]!)}`);
  }
  return values as ArgValues<A>;
}
