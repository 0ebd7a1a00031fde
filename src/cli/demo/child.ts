/**
 * A subprocess whose output is read while it comes.
 *
 * @module
 */

/** How a subprocess ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What to start. */
export interface ChildOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Is told each line of both streams. */
  readonly onLine?: (line: string) => void;
}

/**
 * How long output is waited for after the end, milliseconds: what a killed process left behind may hold
 * its streams open.
 */
const LAST_OUTPUT = 500;

/** A subprocess. */
export class Child {
  readonly pid: number;
  /** Its end, with all that it wrote. Never rejects. */
  readonly ended: Promise<Ended>;
  readonly #process: Deno.ChildProcess;
  #running = true;

  /** @throws if the program cannot be started */
  constructor({ command: [program, ...args], cwd, env, onLine }: ChildOptions) {
    this.#process = new Deno.Command(program!, {
      args,
      cwd,
      clearEnv: true,
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#process.pid;
    this.ended = this.#follow(onLine ?? (() => {}));
  }

  /** Kills it if it still runs. */
  kill(): void {
    if (!this.#running) return;
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended, and only the system knows yet.
    }
  }

  async #follow(onLine: (line: string) => void): Promise<Ended> {
    const stdout = new Collected(this.#process.stdout, onLine);
    const stderr = new Collected(this.#process.stderr, onLine);
    const { code } = await this.#process.status;
    this.#running = false;
    const timer = setTimeout(
      () => [stdout, stderr].forEach((stream) => stream.stop()),
      LAST_OUTPUT,
    );
    await Promise.all([stdout.ended, stderr.ended]);
    clearTimeout(timer);
    return { code, stdout: stdout.text, stderr: stderr.text };
  }
}

/** The text of a stream. */
class Collected {
  readonly ended: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  text = "";

  constructor(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void) {
    this.#reader = stream.getReader();
    this.ended = this.#collect(onLine);
  }

  stop(): void {
    this.#reader.cancel().catch(() => {});
  }

  async #collect(onLine: (line: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    while (true) {
      const { value, done } = await this.#reader.read();
      const text = decoder.decode(value, { stream: !done });
      this.text += text;
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop()!;
      lines.forEach(onLine);
      if (done) break;
    }
    if (rest !== "") onLine(rest);
  }
}
