/**
 * Cursors: where the next page of a list begins, as a word that callers hand back.
 *
 * @module
 */

import { fromBase64, toBase64 } from "../../base64.ts";
import { UsageError } from "../../errors.ts";

/** Numbers, and what they are of. */
export interface Mark {
  /** Of what: a list in one order is no other. */
  readonly kind: string;
  readonly numbers: readonly number[];
}

/** A mark as a word that a URL may hold (RFC 4648 section 5). */
export function encodeCursor({ kind, numbers }: Mark): string {
  const text = JSON.stringify([kind, ...numbers]);
  return toBase64(new TextEncoder().encode(text))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * The numbers of a cursor.
 *
 * @param length so many there are
 * @throws {UsageError} if it is none, or of another kind
 */
export function decodeCursor(cursor: string, kind: string, length: number): readonly number[] {
  const [found, ...numbers] = parse(cursor);
  if (
    found !== kind || numbers.length !== length || !numbers.every((n) => Number.isSafeInteger(n))
  ) {
    throw new UsageError(
      "The cursor does not belong to this list: take the one of the page before, or none",
    );
  }
  return numbers as number[];
}

function parse(cursor: string): readonly unknown[] {
  try {
    const bytes = fromBase64(cursor.replaceAll("-", "+").replaceAll("_", "/"));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
