/// <reference lib="dom" />
/**
 * What the browser remembers from visit to visit.
 *
 * @module
 */

/** The text under the key; null if there is none, or the browser keeps nothing. */
export function recall(key: string): string | null {
  try {
    return localStorage.getItem(`queuectl.${key}`);
  } catch {
    return null;
  }
}

/** Remembers a text; null forgets it. Where the browser keeps nothing, nothing happens. */
export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`queuectl.${key}`);
    else localStorage.setItem(`queuectl.${key}`, value);
  } catch {
    // A private window: it holds until the page is left.
  }
}
