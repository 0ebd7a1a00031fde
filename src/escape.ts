/**
 * Text that users or jobs wrote, made safe for a terminal.
 *
 * @module
 */

// Controls (C0, DEL, C1), halves of surrogate pairs, separators of lines and of paragraphs, and the marks
// that reorder text.
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;
const UNSAFE_EXCEPT_NEWLINE = /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

const SHORT: ReadonlyMap<string, string> = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);

/**
 * The text on one line: what would move the cursor, colour or reorder it is shown as `\n`, `\x1b`,
 * `\u202e`. Backslashes stay as they are: this is for people to read, `--json` is exact.
 */
export function escapeText(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** As {@linkcode escapeText}, but the lines stay lines. */
export function escapeLines(text: string): string {
  return text.replace(UNSAFE_EXCEPT_NEWLINE, escapeOne);
}

/**
 * JSON of a value, with the same characters as JSON escapes: the same value, and nothing in it that a
 * terminal acts on.
 *
 * @param indent how many spaces a level is indented by; 0 for one line
 */
export function escapeJson(value: unknown, indent = 0): string {
  // Only what stands in strings can still be unsafe, except for the newlines of the indentation.
  return JSON.stringify(value, null, indent)
    .replace(UNSAFE_EXCEPT_NEWLINE, (char) => `\\u${hex(char, 4)}`);
}

function escapeOne(char: string): string {
  const code = char.charCodeAt(0);
  return SHORT.get(char) ?? (code < 0x100 ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`);
}

function hex(char: string, length: number): string {
  return char.charCodeAt(0).toString(16).padStart(length, "0");
}
