/**
 * Programs that do one thing to a store again and again, in a process of their own each.
 *
 * @module
 */

/** The ones that there are. */
export type ProgramName = "enqueuer" | "ticker";

/** One that runs; it ends with whoever started it. */
export class Program {
  readonly #process: Deno.ChildProcess;

  /**
   * Starts one.
   *
   * @param address of a store that is there
   * @param name what it calls itself, or its jobs
   */
  constructor(program: ProgramName, address: string, name: string) {
    const path = (relative: string) => new URL(relative, import.meta.url).pathname;
    const config = ["--no-check", "--config", path("../../deno.json")];
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", ...config, path(`${program}.ts`), address, name],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
  }

  /**
   * Ends it; what its calls took, milliseconds.
   *
   * @throws if it did not work to its end
   */
  async stop(): Promise<number[]> {
    await this.#process.stdin.close();
    return await new Response(this.#process.stdout).json();
  }
}
