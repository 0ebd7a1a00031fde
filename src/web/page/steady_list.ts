/**
 * A list that is read again and again, and does not move under the hand of who is about to click.
 *
 * @module
 */

/** A row, and whether the last reading still had it. */
export interface SteadyRow<T> {
  readonly item: T;
  readonly gone: boolean;
}

/** What is shown, and how many rows more a fresh list has. */
export interface SteadyList<T> {
  readonly rows: readonly SteadyRow<T>[];
  /** Rows of the last reading that are not shown yet. */
  readonly waiting: number;
}

/** The list as it was read. */
export function freshList<T>(items: readonly T[]): SteadyList<T> {
  return { rows: items.map((item) => ({ item, gone: false })), waiting: 0 };
}

/**
 * The shown rows with what is new about them: none comes, none goes, none moves.
 *
 * @param keyOf what makes two items the same row
 */
export function holdList<T>(
  shown: SteadyList<T>,
  items: readonly T[],
  keyOf: (item: T) => string,
): SteadyList<T> {
  const fresh = new Map(items.map((item) => [keyOf(item), item]));
  const rows = shown.rows.map(({ item }) => {
    const now = fresh.get(keyOf(item));
    return { item: now ?? item, gone: now === undefined };
  });
  const known = new Set(shown.rows.map(({ item }) => keyOf(item)));
  return { rows, waiting: [...fresh.keys()].filter((key) => !known.has(key)).length };
}
