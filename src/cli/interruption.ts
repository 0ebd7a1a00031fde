/**
 * Signals by which somebody asks a waiting command to end.
 *
 * @module
 */

/** The signals, and the exit codes that they mean: 128 + n. */
const CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
type Name = keyof typeof CODES;

/** Listens for signals until it is disposed of; then they end the process again. */
export class Interruption implements Disposable {
  readonly #controller = new AbortController();
  readonly #insistence = new AbortController();
  readonly #stops: readonly (() => void)[];
  #code: number | null = null;

  /** @param names for which signals */
  constructor(names: readonly Name[] = ["SIGINT", "SIGTERM"]) {
    this.#stops = names.map((name) => {
      const listener = () => this.#interrupt(CODES[name]);
      Deno.addSignalListener(name, listener);
      return () => Deno.removeSignalListener(name, listener);
    });
  }

  /** What to exit with; null until a signal comes. */
  get code(): number | null {
    return this.#code;
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborted by the second signal. */
  get insisted(): AbortSignal {
    return this.#insistence.signal;
  }

  #interrupt(code: number): void {
    if (this.#code !== null) this.#insistence.abort();
    this.#code ??= code;
    this.#controller.abort();
  }

  [Symbol.dispose](): void {
    for (const stop of this.#stops) stop();
  }
}
