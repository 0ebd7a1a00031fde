/**
 * What a command is: a declaration of its flags and arguments, and a function that gets them typed.
 *
 * Its name, aliases and summary stand in the table in `app.ts`, so that the overview needs no module.
 *
 * @module
 */

import type { Args, ArgValues } from "./args.ts";
import type { Context } from "./context.ts";
import type { Flags, FlagValues } from "./flags.ts";

/** What the user gave a command. */
export interface Input<F extends Flags, A extends Args> {
  readonly flags: FlagValues<F>;
  readonly args: ArgValues<A>;
  /** The words after the first `--`, for a command that declares `rest`; null if there was no `--`. */
  readonly rest: readonly string[] | null;
}

/** A command. */
export interface Command<F extends Flags = Flags, A extends Args = Args> {
  /** Paragraphs for the help, after the summary of the table; wrapped where they are shown. */
  readonly description?: readonly string[];
  /** The usage lines after the command's name, where they are not `ARGS [flags]`. */
  readonly usage?: readonly string[];
  readonly flags: F;
  readonly args: A;
  /**
   * What the words after `--` are, such as `CMD [ARG…]`. Where it is absent they are arguments that may
   * begin with a dash.
   */
  readonly rest?: string;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Exit codes that need a word, beside the general ones. */
  readonly exitCodes?: readonly (readonly [code: string, means: string])[];
  /**
   * Does the work.
   *
   * @returns the exit code; nothing means 0
   */
  run(context: Context, input: Input<F, A>): Promise<number | void>;
}

/** What the module of a command exports. */
export interface CommandModule {
  readonly command: Command;
}

/** Gives a command its types: those of `input` follow from `flags` and `args`. */
export function defineCommand<F extends Flags, A extends Args>(
  command: Command<F, A>,
): Command<F, A> {
  return command;
}
