/**
 * A contender in a process of its own.
 *
 * @module
 */

import { REPOSITORY } from "../../toolchain/folders.ts";
import { cpuTimeOf } from "../resident.ts";
import { configOf } from "./contenders.ts";

/** Milliseconds in which one that is asked to end does so by itself. */
const PATIENCE = 10_000;

/** See `programs/contender.ts`. It is killed when it is disposed of and does not end by itself. */
export class ContenderProcess implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting: PromiseWithResolvers<string>[] = [];
  #handled = 0;
  #onHandled = () => {};

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#stdin = process.stdin.getWriter();
  }

  /** Starts one, and waits until it is open. */
  static async start(name: string, url: string): Promise<ContenderProcess> {
    const config = ["--no-check", "--config", configOf(name)];
    const program = `${REPOSITORY}tests/bench/programs/contender.ts`;
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-all", ...config, program, name, url],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const contender = new ContenderProcess(process);
    await using cleanUp = new AsyncDisposableStack();
    cleanUp.use(contender);
    const opened = contender.#answer();
    contender.#read();
    await opened;
    cleanUp.move();
    return contender;
  }

  /** As {@linkcode Contender.fill}. */
  async fill(jobs: number): Promise<void> {
    await this.#ask(`fill ${jobs}`);
  }

  /** As {@linkcode Contender.add}. */
  async add(): Promise<void> {
    await this.#ask("add");
  }

  /** As {@linkcode Contender.isDone}. */
  async isDone(): Promise<boolean> {
    return await this.#ask("done") === "yes";
  }

  /** As {@linkcode Contender.pull}. */
  async pull(): Promise<void> {
    await this.#ask("pull");
  }

  /** How many jobs it was handed so far. */
  get handled(): number {
    return this.#handled;
  }

  /** Is called whenever it was handed more. */
  set onHandled(listener: () => void) {
    this.#onHandled = listener;
  }

  /** The CPU time that it has had, milliseconds. */
  get cpuTime(): number {
    return cpuTimeOf(this.#process.pid);
  }

  async #ask(line: string): Promise<string> {
    const answered = this.#answer();
    await this.#stdin.write(new TextEncoder().encode(`${line}\n`));
    return await answered;
  }

  #answer(): Promise<string> {
    const waiting = Promise.withResolvers<string>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const handled = Number(line);
        if (Number.isNaN(handled)) this.#waiting.shift()?.resolve(line);
        else {
          this.#handled = handled;
          this.#onHandled();
        }
      }
    }
    for (const { reject } of this.#waiting) reject(new Error("A contender has ended too soon"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), PATIENCE);
    await this.#stdin.close().catch(() => {});
    await this.#process.status;
    clearTimeout(timer);
  }
}
