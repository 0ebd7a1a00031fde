/**
 * Quoting for `/bin/sh`.
 *
 * @module
 */

/**
 * Quotes any text without NUL so that a POSIX shell reads it back as one word, byte for byte.
 * Inside single quotes nothing is special but the single quote itself.
 */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Words that mean themselves anywhere; `=` is missing because `A=b` in front is an assignment. */
const PLAIN_WORD = /^[A-Za-z0-9_@%+:,./-]+$/;
const PLAIN_ARGUMENT = /^[A-Za-z0-9_@%+:,./=-]+$/;

/** Words that a shell takes for grammar where a command begins; the second line is bash's alone. */
const RESERVED_WORDS: ReadonlySet<string> = new Set(
  ("case do done elif else esac fi for if in then until while " +
    "coproc function select time").split(" "),
);

/**
 * Joins words to shell text that runs exactly them. Words that need no quotes get none, so that the
 * command stays readable where it is listed.
 */
export function quoteWords(words: readonly string[]): string {
  return words.map((word, index) => isPlain(word, index) ? word : shellQuote(word)).join(" ");
}

/** A word that is not the first, in quotes only if it needs them. */
export function quoteWord(word: string): string {
  return isPlain(word, 1) ? word : shellQuote(word);
}

function isPlain(word: string, index: number): boolean {
  if (index > 0) return PLAIN_ARGUMENT.test(word);
  return PLAIN_WORD.test(word) && !RESERVED_WORDS.has(word);
}
