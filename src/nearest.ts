/**
 * The nearest known word, for "did you mean".
 *
 * @module
 */

/** Longer words are not compared: nobody mistypes 64 letters, and the cost is quadratic. */
const LONGEST = 64;

/**
 * Finds the candidate that a mistyped word most likely means. Case, `-` and `_` do not count.
 *
 * A candidate qualifies if at most a third of the word's letters (but at least one) have to be
 * changed, or if the word, of two letters or more, is its beginning; the earlier candidate wins a
 * draw.
 *
 * @returns the candidate as it was given, or null if none is near
 */
export function nearest(word: string, candidates: Iterable<string>): string | null {
  const wanted = fold(word);
  if (wanted.length === 0 || wanted.length > LONGEST) return null;
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const known = fold(candidate);
    const abbreviates = wanted.length >= 2 && known.startsWith(wanted);
    const distance = abbreviates ? Math.min(1, bestDistance) : editDistance(wanted, known);
    // One letter has no typical slip: every other letter would be one edit away.
    if (distance < bestDistance && distance < Math.max(wanted.length, known.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The clause that names the nearest candidate, or nothing: `, did you mean "list"?`. */
export function didYouMean(word: string, candidates: Iterable<string>, prefix = ""): string {
  const found = nearest(word, candidates);
  if (found === null) return "";
  return prefix === "" ? `, did you mean "${found}"?` : `, did you mean ${prefix}${found}?`;
}

/**
 * How many letters must be inserted, removed, replaced or swapped with a neighbour to turn one word
 * into the other: the optimal string alignment distance (Damerau–Levenshtein without edits inside a
 * swapped pair).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll("_", "-");
}
