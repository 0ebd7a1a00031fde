/**
 * Bytes that came in parts.
 *
 * @module
 */

/** The parts as one; a part that is all there is is not copied. */
export function concatenate<Bytes extends Uint8Array>(
  parts: readonly Bytes[],
): Bytes | Uint8Array<ArrayBuffer> {
  const filled = parts.filter(({ length }) => length > 0);
  if (filled.length === 1) return filled[0]!;
  const all = new Uint8Array(filled.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of filled) {
    all.set(part, offset);
    offset += part.length;
  }
  return all;
}
