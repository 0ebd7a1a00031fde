/**
 * The line that bash completes, as the user typed it. Its own division into words (`COMP_WORDS`) cuts
 * ids at `:` and `@`; and what it takes for an answer is not a word, but what follows the last such cut.
 *
 * @module
 */

/** A command line of bash up to the cursor. */
export interface BashLine {
  /** Its words without their quotes; the last one is at the cursor and may be empty. */
  readonly words: readonly string[];
  /** So many characters of the last word stand before what bash replaces. */
  readonly kept: number;
  /** The quote that is open at the cursor; empty if none is. */
  readonly quote: string;
}

/** Where the first word after these begins is not ours to say. */
const BLANK = /[ \t\n]/;
/** Within double quotes, a backslash quotes nothing else. */
const QUOTED_IN_DOUBLE = /["$`\\\n]/;

/**
 * Divides a line into words.
 *
 * @param line up to the cursor
 * @param breaks the value of `COMP_WORDBREAKS`
 */
export function readBashLine(line: string, breaks: string): BashLine {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  let kept = 0;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === "\\" && quote !== "'") {
      const next = line[i + 1] ?? "";
      const isPlain = quote === '"' && !QUOTED_IN_DOUBLE.test(next);
      word = (word ?? "") + (isPlain ? char : "") + next;
      i++;
    } else if (quote === "" ? char === '"' || char === "'" : char === quote) {
      quote = quote === "" ? char : "";
      word ??= "";
      if (quote !== "" || breaks.includes(char)) kept = word.length;
    } else if (quote === "" && BLANK.test(char)) {
      if (word !== null) words.push(word);
      word = null;
      kept = 0;
    } else {
      word = (word ?? "") + char;
      // Readline takes an @ for the beginning of a host name: bash replaces it too.
      if (quote === "" && breaks.includes(char)) kept = word.length - (char === "@" ? 1 : 0);
    }
  }
  return { words: [...words, word ?? ""], kept, quote };
}

/** A value as it can stand in the line of bash; null if it cannot within the open quote. */
export function quoteForBash(value: string, quote: string): string | null {
  if (quote === "'") return value.includes("'") ? null : value;
  if (quote === '"') return /["$`\\!]/.test(value) ? null : value;
  return value.replace(/[^\w@%+=:,./-]/gu, "\\$&");
}
