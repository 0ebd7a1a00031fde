/**
 * Text that users or jobs wrote, made safe for a terminal.
 *
 * @module
 */

// Controls (C0, DEL, C1), halves of surrogate pairs, separators of lines and of paragraphs, and what
// Unicode calls ignorable: marks that reorder text, and what is not seen. Terminals do not agree whether a
// soft hyphen takes a column, and two names that differ in a zero-width space look the same. Joiners and
// variation selectors stay where they follow a letter or a sign beyond ASCII: scripts and emoji need them. After
// a `1` nobody agrees on the columns.
const UNSAFE_SET = String
  .raw`\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb`;
const UNSAFE_CLASS = `[${UNSAFE_SET}]` +
  String.raw`(?<![^\x00-\x7f${UNSAFE_SET}][\u034f\u200c\u200d\p{Variation_Selector}]+)`;
const UNSAFE = new RegExp(UNSAFE_CLASS, "gu");
const UNSAFE_EXCEPT_NEWLINE = new RegExp(`${UNSAFE_CLASS}(?<!\n)`, "gu");

/** Most texts are nothing but this, which is seen in a tenth of the time. */
const PLAIN = /^[ -~]*$/;

const SHORT: ReadonlyMap<string, string> = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);

/**
 * The text on one line: what would move the cursor, colour or reorder it is shown as `\n`, `\x1b`,
 * `\u202e`. Backslashes stay as they are: this is for people to read, `--json` is exact.
 */
export function escapeText(text: string): string {
  return PLAIN.test(text) ? text : text.replace(UNSAFE, escapeOne);
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
  return escapeInJson(JSON.stringify(value, null, indent));
}

/** JSON text with the same characters as JSON escapes; it means the same. */
export function escapeInJson(json: string): string {
  // Only what stands in strings can still be unsafe, except for the newlines between lines.
  return json.replace(
    UNSAFE_EXCEPT_NEWLINE,
    (char) => char.split("").map((unit) => `\\u${hex(unit, 4)}`).join(""),
  );
}

function escapeOne(char: string): string {
  const code = char.codePointAt(0)!;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  return SHORT.get(char) ?? (code < 0x100 ? `\\x${hex(char, 2)}` : `\\u${hex(char, 4)}`);
}

/** One UTF-16 unit in hexadecimal. */
function hex(unit: string, length: number): string {
  return unit.charCodeAt(0).toString(16).padStart(length, "0");
}
