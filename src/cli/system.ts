/**
 * The process that the program runs in, as far as the command line needs it. It uses `Deno` alone:
 * `process` and the `node:` modules cost 15 to 25 ms each to load.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { OpenOptions } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import type { Stdin } from "./context.ts";
import type { Sink } from "./output.ts";

/** A process, or what stands in for it in a test. */
export interface System {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly stdin: Stdin;
  now(): number;
  /** @throws {UsageError} if the variable is set to what is not text */
  env(name: string): string | undefined;
  /** @throws {UsageError} if there is none, or its name is not text */
  cwd(): string;
  /** The command line as bytes; see `garbledArg`. Absent where the arguments come from no process. */
  readonly commandLine?: () => Uint8Array;
  /** Rejects with an error that nobody caught. */
  readonly uncaught: Promise<never>;
  /** Opens the store at a path or URL; see `openStore` of the context. */
  openStore(location: string, options: OpenOptions): Promise<Store>;
}

/** This process. */
export const DENO: System = {
  stdout: sink(Deno.stdout),
  stderr: sink(Deno.stderr),
  stdin: {
    get isTerminal() {
      return Deno.stdin.isTerminal();
    },
    get readable() {
      return Deno.stdin.readable;
    },
  },
  uncaught: new Promise((_, reject) => {
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      reject(event.reason);
    });
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      reject(event.error);
    });
  }),
  now: () => Date.now(),
  env(name) {
    try {
      return Deno.env.get(name);
    } catch {
      throw new UsageError(`The environment variable ${name} is not UTF-8 text: set it anew`);
    }
  },
  cwd() {
    try {
      return Deno.cwd();
    } catch (error) {
      const isGone = error instanceof Deno.errors.NotFound;
      throw new UsageError(
        `The working directory ${isGone ? "is gone" : "has a name that is not UTF-8 text"}: ` +
          "go to another one",
      );
    }
  },
  commandLine: () => Deno.readFileSync("/proc/self/cmdline"),
  async openStore(location, options) {
    const { openStore } = await import("../store/open.ts");
    return await openStore(location, options);
  },
};

function sink(stream: typeof Deno.stdout): Sink {
  return {
    write: (bytes) => stream.write(bytes),
    writeSync: (bytes) => stream.writeSync(bytes),
    isTerminal: () => stream.isTerminal(),
    columns() {
      try {
        return Deno.consoleSize().columns || null;
      } catch {
        return null;
      }
    },
  };
}
