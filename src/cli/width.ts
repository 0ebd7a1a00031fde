/**
 * How wide a text is on a terminal.
 *
 * @module
 */

/** The number of columns that an escaped text takes. */
export type Width = (text: string) => number;

const ASCII = /^[\0-\x7f]*$/;

// What takes no column, though the library counts one: joiners that join no emoji, and the letters of a
// Hangul syllable after its first.
const UNCOUNTED = new RegExp(
  [
    String.raw`\u200c`,
    String.raw`(?<!\p{Extended_Pictographic}[\ufe0f\p{Emoji_Modifier}]?)\u200d`,
    String.raw`\u200d(?!\p{Extended_Pictographic})`,
    String.raw`[\u1160-\u11ff\ud7b0-\ud7fb]`,
  ].join("|"),
  "gu",
);

/** A measure for these texts; the library is loaded only if one of them goes beyond ASCII. */
export async function loadWidth(texts: Iterable<string>): Promise<Width> {
  for (const text of texts) {
    if (ASCII.test(text)) continue;
    const { default: stringWidth } = await import("fast-string-width");
    return (text) => ASCII.test(text) ? text.length : stringWidth(text.replace(UNCOUNTED, ""));
  }
  return (text) => text.length;
}

/** The text, or its beginning with an ellipsis if it is wider than the room. */
export function cutText(text: string, room: number, width: Width): string {
  if (width(text) <= room) return text;
  let cut = "";
  let used = 1;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    used += width(segment);
    if (used > room) break;
    cut += segment;
  }
  return `${cut}…`;
}
