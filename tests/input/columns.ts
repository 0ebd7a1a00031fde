/**
 * A second opinion on how wide a text is on a terminal, and on whether a table's columns stand below each
 * other. It shares nothing with the program's own measure.
 *
 * @module
 */

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Blocks of the Unicode standard whose characters take two columns (East Asian Width W and F). */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f], // Hangul Jamo
  [0x2e80, 0x303e], // CJK radicals and punctuation
  [0x3041, 0xa4cf], // Kana, Bopomofo, CJK, Yi
  [0xac00, 0xd7a3], // Hangul syllables
  [0xf900, 0xfaff], // CJK compatibility
  [0xff01, 0xff60], // full-width forms
  [0x20000, 0x3fffd], // CJK extensions
];

/** The columns that one grapheme takes: an emoji two, anything else what its characters take together. */
function widthOf(grapheme: string): number {
  if (/\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{RI}\p{RI}/u.test(grapheme)) return 2;
  return [...grapheme].reduce((sum, char) => sum + widthOfCharacter(char), 0);
}

function widthOfCharacter(char: string): number {
  const code = char.codePointAt(0)!;
  // The second and the third letter of a Hangul syllable stand below the first one.
  if (/[\p{M}\p{Cf}]/u.test(char) || (code >= 0x1160 && code <= 0x11ff)) return 0;
  return WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** What stands in each column: the grapheme that covers it. */
function cellsOf(line: string): string[] {
  return [...graphemes.segment(line)].flatMap(({ segment }) =>
    Array.from({ length: widthOf(segment) }, () => segment)
  );
}

/** How many columns a line takes. */
export function columnsOf(line: string): number {
  return cellsOf(line).length;
}

/**
 * Where a table of a text is crooked: every title of its header needs a gap of two columns in every row,
 * before it or, where it stands on the right of its column, after it.
 *
 * @param text what a command printed; before and after a table is an empty line
 * @returns the title and the row, or null if all is straight
 */
export function crookedAt(text: string): string | null {
  for (const part of text.split("\n\n")) {
    const [header = "", ...rows] = part.split("\n").filter((line) => line !== "");
    const found = /^[A-Z]+( +[A-Z]+)*$/.test(header)
      ? crookedBelow(header, rows.map(cellsOf))
      : null;
    if (found !== null) return found;
  }
  return null;
}

function crookedBelow(header: string, rows: readonly (readonly string[])[]): string | null {
  const isGap = (row: readonly string[], from: number) =>
    [row[from], row[from + 1]].every((cell) => cell === undefined || cell.startsWith(" "));
  for (const { 0: title, index: start } of header.matchAll(/\S+(?: \S+)*/g)) {
    if (start === 0) continue;
    const left = rows.find((row) => !isGap(row, start - 2));
    const right = rows.find((row) => !isGap(row, start + title.length));
    if (left && right) return `${title} in ${JSON.stringify(left.join(""))}`;
  }
  return null;
}
