/**
 * Output, shortened while it comes.
 *
 * @module
 */

/** How much is shown. */
export interface ExcerptOptions {
  /** Lines from the beginning, shown at once. */
  readonly head: number;
  /** Lines from the end. */
  readonly tail: number;
}

/** Shows the first lines as they come, and at the end how many are left out and the last ones. */
export class Excerpt {
  readonly #show: (line: string) => void;
  readonly #options: ExcerptOptions;
  /** The last lines after the head. */
  readonly #held: string[] = [];
  #count = 0;

  constructor(show: (line: string) => void, options: ExcerptOptions) {
    this.#show = show;
    this.#options = options;
  }

  /** Takes the next line. */
  add(line: string): void {
    this.#count++;
    if (this.#count <= this.#options.head) return this.#show(line);
    this.#held.push(line);
    // One more than the tail: to say that one line is missing takes a line as well.
    if (this.#held.length > this.#options.tail + 1) this.#held.shift();
  }

  /** Shows the rest. */
  end(): void {
    const after = Math.max(0, this.#count - this.#options.head);
    if (after > this.#held.length) {
      this.#held.shift();
      this.#show(`… ${after - this.#held.length} more lines`);
    }
    for (const line of this.#held.splice(0)) this.#show(line);
  }
}
