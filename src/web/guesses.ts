/**
 * Slows down who tries tokens.
 *
 * @module
 */

/** So many wrong tokens in a row are taken from one address at once. */
const BURST = 5;
/** One more is taken after so long, milliseconds. */
const REFILL = 500;
/** So many addresses are remembered; whoever has that many has to guess against all of them together. */
const ADDRESSES = 10_000;

/** Counts wrong tokens by the address that they came from. */
export class Guesses {
  /** When the last of its wrong tokens is forgotten, by the address. */
  readonly #until = new Map<string, number>();
  readonly #now: () => number;

  /** @param now a clock that does not go back, milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds until a token from this address is looked at; 0 is now. */
  wait(address: string): number {
    const until = this.#until.get(address) ?? 0;
    return Math.max(0, until - this.#now() - (BURST - 1) * REFILL);
  }

  /** A token from this address was wrong. */
  note(address: string): void {
    const now = this.#now();
    if (this.#until.size >= ADDRESSES) this.#forget(now);
    this.#until.set(address, Math.max(this.#until.get(address) ?? 0, now) + REFILL);
  }

  #forget(now: number): void {
    for (const [address, until] of this.#until) if (until <= now) this.#until.delete(address);
    // The oldest ones, should that not have made room.
    for (const address of this.#until.keys()) {
      if (this.#until.size < ADDRESSES) return;
      this.#until.delete(address);
    }
  }
}
