/**
 * Drives queuectl as its users do: as a process of its own, from source or as the executable.
 *
 * @module
 */

import { start, type Via } from "./program.ts";
import { tempDir } from "./temp_dir.ts";

export type { Via };

/** How a process is started. */
export interface RunOptions {
  /** In which form; `source` if absent. */
  readonly via?: Via;
  /** What it reads; nothing if absent. */
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  /** Added to the clean environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The store, given as `--db`. */
  readonly db?: string;
  /** The directory it runs in; that of `home` if absent. */
  readonly cwd?: string;
  /** `HOME`, and the place of the default store; `cwd` or else a fresh directory if absent. */
  readonly home?: string;
  /** Milliseconds after which it is killed and the test fails; 60,000 if absent. */
  readonly timeout?: number;
}

/** What a process left behind. */
export interface Ended {
  /** Whether the exit code is 0. */
  readonly success: boolean;
  /** The exit code; 128 + n if signal n ended it. */
  readonly code: number;
  readonly signal: Deno.Signal | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutBytes: Uint8Array<ArrayBuffer>;
  /** False if a process that it left behind holds its stdout or stderr open. */
  readonly closed: boolean;
}

/** How to wait for a line. */
export interface LineOptions {
  /** Where it is expected; either one if absent. */
  readonly stream?: "stdout" | "stderr";
  /** Milliseconds after which the wait fails; 30,000 if absent. */
  readonly timeout?: number;
}

/**
 * Registers the same tests for the program from source and for the executable. `deno task test:quick`
 * leaves out the executable.
 */
export function forEachProgram(register: (via: Via) => void): void {
  register("source");
  if (!Deno.env.has("QUEUECTL_TEST_QUICK")) register("executable");
}

/**
 * Runs `queuectl ARGS` to its end.
 *
 * @throws if it takes too long, or leaves a process behind that holds its stdout or stderr open, for
 * which a shell's `$(queuectl …)` would wait
 */
export async function queuectl(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  await using program = await spawnQueuectl(args, options);
  const ended = await program.ended(options.timeout);
  if (!ended.closed) {
    throw new Error(`queuectl ${args.join(" ")}: ended, but its stdout or stderr is held open`);
  }
  return ended;
}

/** Starts `queuectl ARGS`; `await using` kills it, and nothing else, if it still runs. */
export async function spawnQueuectl(
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunningProgram> {
  const { via = "source", db } = options;
  const { command: [program, ...rest], env } = await start(via);
  const scratch = options.home ?? options.cwd ? undefined : await tempDir();
  const home = options.home ?? options.cwd ?? scratch?.path ?? "";
  const child = new Deno.Command(program, {
    args: [...rest, ...(db === undefined ? [] : ["--db", db]), ...args],
    cwd: options.cwd ?? home,
    clearEnv: true,
    env: { ...cleanEnv(home), ...env, ...options.env },
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new RunningProgram(child, { args, stdin: options.stdin, scratch });
}

/** The own environment, less what would change how queuectl behaves. */
function cleanEnv(home: string): Record<string, string> {
  const unwanted =
    /^(QUEUECTL_.*|XDG_.*|NO_COLOR|FORCE_COLOR|CLICOLOR.*|INIT_CWD|TRACEPARENT|OTEL_.*)$/;
  const kept = Object.entries(Deno.env.toObject()).filter(([name]) => !unwanted.test(name));
  return {
    ...Object.fromEntries(kept),
    HOME: home,
    XDG_DATA_HOME: `${home}/.local/share`,
  };
}

/** What a stream has brought so far, and whether it has ended. */
class Collected {
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly ended: Promise<void>;

  constructor(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    changed: () => void,
  ) {
    this.#reader = stream.getReader();
    this.ended = this.#collect(changed);
  }

  async #collect(changed: () => void): Promise<void> {
    while (true) {
      const { value, done } = await this.#reader.read();
      if (done) return;
      this.#chunks.push(value);
      changed();
    }
  }

  /** Stops reading: a process that the program left behind may hold the stream open. */
  async stop(): Promise<void> {
    await this.#reader.cancel();
    await this.ended;
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(
      this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    );
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

/** A queuectl process. */
export class RunningProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #args: readonly string[];
  readonly #scratch: AsyncDisposable | undefined;
  readonly #stdout: Collected;
  readonly #stderr: Collected;
  readonly #written: Promise<void>;
  readonly #status: Promise<Deno.CommandStatus>;
  #exited = false;
  #changed = Promise.withResolvers<void>();

  /** Takes over a child process with piped stdout and stderr. */
  constructor(
    child: Deno.ChildProcess,
    { args, stdin, scratch }: {
      readonly args: readonly string[];
      readonly stdin?: string | Uint8Array<ArrayBuffer> | undefined;
      readonly scratch?: AsyncDisposable | undefined;
    },
  ) {
    this.#child = child;
    this.#args = args;
    this.#scratch = scratch;
    this.#stdout = new Collected(child.stdout, () => this.#wake());
    this.#stderr = new Collected(child.stderr, () => this.#wake());
    this.#written = stdin === undefined ? Promise.resolve() : write(child.stdin, stdin);
    this.#status = child.status.then((status) => {
      this.#exited = true;
      this.#wake();
      return status;
    });
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** What it has written to stdout so far. */
  get stdout(): string {
    return this.#stdout.text;
  }

  /** What it has written to stderr so far. */
  get stderr(): string {
    return this.#stderr.text;
  }

  /** Sends it a signal; nothing happens if it has ended. */
  kill(signal: Deno.Signal = "SIGTERM"): void {
    if (this.#exited) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It ended, and only the system knows yet.
      const gone = error instanceof Deno.errors.NotFound ||
        error instanceof TypeError;
      if (!gone) throw error;
    }
  }

  /**
   * Waits for a whole line that matches, among those already written too, and returns it.
   *
   * @throws if the time is over or the process ends without one
   */
  async line(
    pattern: RegExp | string,
    { stream, timeout = 30_000 }: LineOptions = {},
  ): Promise<string> {
    const sources = [this.#stdout, this.#stderr].filter((_, index) =>
      stream === undefined || (stream === "stdout") === (index === 0)
    );
    const matches = (line: string) =>
      typeof pattern === "string" ? line.includes(pattern) : line.search(pattern) !== -1;
    using deadline = new Deadline(timeout);
    while (true) {
      const changed = this.#changed.promise;
      const exited = this.#exited;
      if (exited) await this.#drain();
      for (const source of sources) {
        const found = source.text.split("\n").slice(0, -1).find(matches);
        if (found !== undefined) return found;
      }
      if (exited) {
        throw new Error(this.#describe(`ended without a line like ${pattern}`));
      }
      if (await deadline.before(changed) === TIME_OVER) {
        throw new Error(
          this.#describe(`wrote no line like ${pattern} in ${timeout} ms`),
        );
      }
    }
  }

  /**
   * Waits for its end.
   *
   * @throws if the time is over; the process is killed then
   */
  async ended(timeout = 60_000): Promise<Ended> {
    using deadline = new Deadline(timeout);
    const status = await deadline.before(this.#status);
    if (status === TIME_OVER) {
      this.kill("SIGKILL");
      throw new Error(this.#describe(`did not end in ${timeout} ms`));
    }
    const closed = await this.#drain();
    const { stdout, stderr } = this;
    return {
      ...status,
      stdout,
      stderr,
      stdoutBytes: this.#stdout.bytes,
      closed,
    };
  }

  /** Reads to the end, but not for long: a process that outlives this one may hold a stream open. */
  async #drain(): Promise<boolean> {
    using deadline = new Deadline(2_000);
    const all = Promise.all([
      this.#stdout.ended,
      this.#stderr.ended,
      this.#written,
    ]);
    return await deadline.before(all) !== TIME_OVER;
  }

  #describe(what: string): string {
    const command = ["queuectl", ...this.#args].join(" ");
    return `${command}: ${what}\n--- stdout\n${this.stdout}\n--- stderr\n${this.stderr}`;
  }

  /** Kills it if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.#status;
    await Promise.all([
      this.#stdout.stop(),
      this.#stderr.stop(),
      this.#written,
    ]);
    await this.#scratch?.[Symbol.asyncDispose]();
  }
}

async function write(
  stream: WritableStream<Uint8Array<ArrayBuffer>>,
  data: string | Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = stream.getWriter();
  try {
    await writer.write(
      typeof data === "string" ? new TextEncoder().encode(data) : data,
    );
    await writer.close();
  } catch (error) {
    // It need not read all that it was given.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

const TIME_OVER: unique symbol = Symbol("the time is over");

/** A point in time that a promise can be raced against. */
class Deadline implements Disposable {
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #over: Promise<typeof TIME_OVER>;

  constructor(milliseconds: number) {
    const { promise, resolve } = Promise.withResolvers<typeof TIME_OVER>();
    this.#timer = setTimeout(() => resolve(TIME_OVER), milliseconds);
    this.#over = promise;
  }

  before<T>(promise: Promise<T>): Promise<T | typeof TIME_OVER> {
    return Promise.race([promise, this.#over]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
