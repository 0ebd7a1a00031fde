/**
 * Comparing secrets without telling by the time how much of a guess is right.
 *
 * @module
 */

import { createHash, timingSafeEqual } from "node:crypto";

/** A secret as its digest. */
export class Secret {
  readonly #digest: Uint8Array;

  constructor(text: string) {
    this.#digest = digestOf(text);
  }

  /** Whether a text is the secret. */
  matches(text: string): boolean {
    return timingSafeEqual(this.#digest, digestOf(text));
  }
}

/** The SHA-256 digest of a text. */
export function digestOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
