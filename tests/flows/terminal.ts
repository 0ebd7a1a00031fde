/**
 * An interactive program on a pseudo-terminal, which `script` makes, and somebody who types.
 *
 * @module
 */

import type { RunningProgram } from "../helpers/cli.ts";
import { waitFor } from "../helpers/wait_for.ts";
import type { Stage } from "./stage.ts";

/** A program that reads from a terminal. */
export class Terminal implements Disposable {
  readonly program: RunningProgram;
  readonly #keys: Deno.FsFile;
  readonly #encoder = new TextEncoder();

  private constructor(program: RunningProgram, keys: Deno.FsFile) {
    this.program = program;
    this.#keys = keys;
  }

  /** Starts shell text on a terminal of 100 columns. */
  static async open(
    stage: Stage,
    command: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Terminal> {
    const pipe = stage.join(`keys-${crypto.randomUUID().slice(0, 8)}`);
    await stage.sh(`mkfifo '${pipe}'`);
    // A shell of its own: `script` takes over the size of no terminal, and 0 columns fit nothing.
    const inside = `stty cols 100 rows 30; exec ${command}`;
    const program = await stage.shell('exec script -qefc "$INSIDE" /dev/null < "$KEYS"', {
      env: { TERM: "dumb", SHELL: "/bin/sh", INSIDE: inside, KEYS: pipe, ...env },
    });
    return new Terminal(program, await Deno.open(pipe, { write: true }));
  }

  /** Presses keys. */
  async type(keys: string): Promise<void> {
    let bytes = this.#encoder.encode(keys);
    while (bytes.length > 0) bytes = bytes.subarray(await this.#keys.write(bytes));
  }

  /** Waits until the screen has shown something; returns what matched. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    return await waitFor(() => pattern.exec(this.program.stdout) ?? false, {
      timeout: 60_000,
      message: () => `${pattern} in ${JSON.stringify(this.program.stdout)}`,
    });
  }

  [Symbol.dispose](): void {
    this.#keys.close();
  }
}
