/**
 * Bytes as text: base64 (RFC 4648 section 4). `Uint8Array.fromBase64()` is missing in Deno 2.4.2.
 *
 * @module
 */

/** So many bytes are turned into characters by one call: more arguments overflow the stack. */
const PORTION = 8192;

/** The bytes in base64. */
export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let from = 0; from < bytes.length; from += PORTION) {
    binary += String.fromCharCode(...bytes.subarray(from, from + PORTION));
  }
  return btoa(binary);
}

/**
 * The bytes that a base64 text means.
 *
 * @throws {RangeError} if it is none; the message completes a sentence that begins with the name of
 * what was read
 */
export function fromBase64(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new RangeError("is not base64");
  }
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}
