/**
 * A process that is not one: the whole command line can be run inside a test.
 *
 * @module
 */

import { APP, type Section } from "../../src/cli/app.ts";
import type { Sink } from "../../src/cli/output.ts";
import { run } from "../../src/cli/run.ts";
import type { System } from "../../src/cli/system.ts";
import { StoreError } from "../../src/errors.ts";
import type { Store } from "../../src/store/store.ts";

/** What a test decides about the process. */
export interface FakeOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The width of the terminal that stdout is; without it, it is none. */
  readonly columns?: number;
  readonly stdin?: string;
  readonly now?: number;
  readonly store?: Partial<Store>;
  readonly stdout?: Sink;
  readonly uncaught?: Promise<never>;
}

/** What a run left behind. */
export interface FakeEnded {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The locations of the stores that were opened, and whether they were to be created. */
  readonly opened: readonly { readonly location: string; readonly create: boolean }[];
}

/** Runs `queuectl ARGS` inside this process. */
export async function runFake(
  args: readonly string[],
  options: FakeOptions = {},
  app: readonly Section[] = APP,
): Promise<FakeEnded> {
  const opened: { location: string; create: boolean }[] = [];
  const stdout = new FakeSink(options.columns);
  const stderr = new FakeSink();
  const system: System = {
    stdout: options.stdout ?? stdout,
    stderr,
    stdin: {
      isTerminal: options.stdin === undefined,
      readable: new Blob([options.stdin ?? ""]).stream(),
    },
    uncaught: options.uncaught ?? new Promise(() => {}),
    now: () => options.now ?? 0,
    env: (name) => ({ HOME: "/home/ada", ...options.env })[name],
    cwd: () => options.cwd ?? "/srv",
    openStore(location, { create }) {
      opened.push({ location, create });
      if (options.store === undefined) return Promise.reject(new StoreError("No store here"));
      return Promise.resolve(
        { [Symbol.asyncDispose]: () => Promise.resolve(), ...options.store } as Store,
      );
    },
  };
  const code = await run(args, system, app);
  return { code, stdout: stdout.text, stderr: stderr.text, opened };
}

/** The settings of a store, kept in memory. */
export function fakeSettings(settings: Map<string, string> = new Map()): Partial<Store> {
  return {
    settings: () => Promise.resolve(settings),
    configure(key, value) {
      const before = settings.get(key) ?? null;
      if (value === null) settings.delete(key);
      else settings.set(key, value);
      return Promise.resolve(before !== value);
    },
  };
}

/** Collects what is written, at most `most` bytes at a time. */
export class FakeSink implements Sink {
  readonly #columns: number | null;
  readonly #most: number;
  readonly #chunks: Uint8Array[] = [];

  constructor(columns: number | null = null, most = Infinity) {
    this.#columns = columns;
    this.#most = most;
  }

  get text(): string {
    const decoder = new TextDecoder();
    return this.#chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }

  writeSync(bytes: Uint8Array): number {
    const written = bytes.slice(0, this.#most);
    this.#chunks.push(written);
    return written.length;
  }

  isTerminal(): boolean {
    return this.#columns !== null;
  }

  columns(): number | null {
    return this.#columns;
  }
}
