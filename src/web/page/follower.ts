/**
 * Asks for something again and again as it changes, but not too often and never twice at once.
 *
 * @module
 */

/** What came of asking. */
export type Answer<T> = { readonly data: T } | { readonly error: unknown };

/** The clock of a {@linkcode Follower}. */
export interface Timers {
  /** Milliseconds from wherever. */
  now(): number;
  /** Calls `work` after so many milliseconds, unless the function that it returns is called before. */
  after(delay: number, work: () => void): () => void;
}

/** What a {@linkcode Follower} needs. */
export interface FollowerOptions<T> {
  /** Asks once; `signal` says that nobody wants to know any more. */
  readonly ask: (signal: AbortSignal) => Promise<T>;
  /** Gets every answer, until it is stopped. */
  readonly tell: (answer: Answer<T>) => void;
  /** From one beginning to the next, milliseconds. */
  readonly pace: number;
  readonly timers: Timers;
}

/** Keeps an answer fresh. */
export class Follower<T> {
  readonly #options: FollowerOptions<T>;
  readonly #control = new AbortController();
  #cancel: (() => void) | null = null;
  #isAsking = false;
  /** It changed while it was asked for. */
  #isOld = false;
  #askedAt = -Infinity;

  constructor(options: FollowerOptions<T>) {
    this.#options = options;
  }

  /** Asks now; if an answer is on its way, as soon as it is there. */
  now(): void {
    this.#askedAt = -Infinity;
    this.#cancel?.();
    this.#cancel = null;
    void this.#ask();
  }

  /** Asks as soon as the pace allows. */
  soon(): void {
    const { pace, timers } = this.#options;
    this.#cancel ??= timers.after(Math.max(0, this.#askedAt + pace - timers.now()), () => {
      this.#cancel = null;
      void this.#ask();
    });
  }

  /** Asks no more, and tells nothing of what is on its way. */
  stop(): void {
    this.#control.abort();
    this.#cancel?.();
  }

  async #ask(): Promise<void> {
    const { ask, tell, timers } = this.#options;
    const { signal } = this.#control;
    if (signal.aborted) return;
    if (this.#isAsking) return void (this.#isOld = true);
    this.#isAsking = true;
    this.#isOld = false;
    this.#askedAt = timers.now();
    let answer: Answer<T>;
    try {
      answer = { data: await ask(signal) };
    } catch (error) {
      answer = { error };
    }
    this.#isAsking = false;
    if (signal.aborted) return;
    tell(answer);
    if (this.#isOld) this.soon();
  }
}
