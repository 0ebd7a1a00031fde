/**
 * The answer to a shell's script: a line that says who completes, then a line for each candidate.
 *
 * | shell | first line | candidates |
 * | --- | --- | --- |
 * | bash | `KIND SKIP` | what replaces the word from its last break on |
 * | zsh | `KIND SKIP` | `VALUE:DESCRIPTION`, after the first SKIP characters of the word |
 * | fish | `KIND SKIP` | the whole word, a tab, the description |
 *
 * With the kind `command`, SKIP is how many words, the program's name among them, come before it.
 *
 * @module
 */

import { quoteForBash, readBashLine } from "./bash_line.ts";
import type { Completion } from "./complete.ts";

/** The shells that there are scripts for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** A shell that there is a script for. */
export type Shell = (typeof SHELLS)[number];

/** What a shell asks. */
export interface Question {
  /** The words up to the cursor, without the program's name. */
  readonly words: readonly string[];
  /** The lines of the answer. */
  answer(completion: Completion): string[];
}

/**
 * Reads what a script passes on: words; from bash the line and `COMP_WORDBREAKS`.
 *
 * @param given what stands after `--`
 */
export function readQuestion(shell: Shell, given: readonly string[]): Question {
  if (shell === "bash") return readBash(given);
  return { words: given, answer: shell === "zsh" ? answerZsh : answerFish };
}

function readBash([line = "", breaks = ""]: readonly string[]): Question {
  const { words: [, ...words], kept, quote } = readBashLine(line, breaks);
  return {
    words,
    answer: ({ kind, prefix, candidates }) => {
      const replaced = candidates.map(({ value }) =>
        quoteForBash((prefix + value).slice(kept), quote)
      );
      const skip = Math.max(prefix.length - kept, 0);
      return [`${kind} ${skip}`, ...replaced.filter((text) => text !== null)];
    },
  };
}

function answerZsh(completion: Completion): string[] {
  return [
    firstLine(completion),
    ...completion.candidates.map(({ value, description }) => {
      const escaped = value.replace(/[\\:]/g, "\\$&");
      return description === "" ? escaped : `${escaped}:${description}`;
    }),
  ];
}

function answerFish(completion: Completion): string[] {
  return [
    firstLine(completion),
    ...completion.candidates.map(({ value, description }) =>
      completion.prefix + (description === "" ? value : `${value}\t${description}`)
    ),
  ];
}

function firstLine({ kind, prefix, before }: Completion): string {
  return `${kind} ${kind === "command" ? before + 1 : [...prefix].length}`;
}
