/**
 * Machines of a campaign: each has a way of its own to the server, files of its own, and a worker that is
 * started again whenever it has ended.
 *
 * @module
 */

import { RunningProgram } from "../../helpers/cli.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { start } from "../../helpers/program.ts";
import type { Cable } from "./cable.ts";
import type { MachineOptions } from "./machine_program.ts";

/** What all machines of a campaign have in common. */
export interface Land {
  /** The address of the store. */
  readonly url: string;
  /** Where jobs run, and files of machines are. */
  readonly home: string;
  /** Marks every process that comes of it. */
  readonly mark: Readonly<Record<string, string>>;
}

/** So many jobs a machine runs at once. */
export const SLOTS = 4;
/** Milliseconds between two workers. */
const PAUSE = 300;
/** When a worker is asked to end, what it runs takes no longer; milliseconds. */
const CLOSE_PATIENCE = 40_000;

/** A machine. */
export class Machine implements AsyncDisposable {
  readonly name: string;
  /** Its way to the server. */
  readonly network: Proxy;
  /** What connects it with this way; null: it is in the network of this machine. */
  readonly cable: Cable | null;
  readonly #land: Land;
  readonly #kept: Promise<void>;
  #worker: RunningProgram | null = null;
  #isClosing = false;
  #wasKilled = false;
  /** How often what happened, by the type of the event. */
  readonly events: Record<string, number> = {};
  readonly faults: string[] = [];

  constructor(name: string, land: Land, cable: Cable | null) {
    this.name = name;
    this.#land = land;
    this.cable = cable;
    this.network = Proxy.before(land.url, cable?.here);
    this.#kept = this.#keep();
  }

  /** Where its spool is. */
  get files(): string {
    return `${this.#land.home}/${this.name}`;
  }

  /** Sends a signal to its worker, if there is one. */
  signal(signal: Deno.Signal): void {
    if (signal === "SIGKILL") this.#wasKilled = true;
    this.#worker?.kill(signal);
  }

  /** Lets the worker finish what it runs, and starts no other. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const worker = this.#worker;
    worker?.kill("SIGTERM");
    const timer = setTimeout(() => {
      this.faults.push(`${this.name}: the worker does not end: ${worker?.stdout.slice(-500)}`);
      worker?.kill("SIGKILL");
    }, CLOSE_PATIENCE);
    await this.#kept;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    this.#worker?.kill("SIGKILL");
    await this.#kept;
    await this.network[Symbol.asyncDispose]();
  }

  async #keep(): Promise<void> {
    while (!this.#isClosing) {
      try {
        await this.#run();
      } catch (error) {
        this.faults.push(`${this.name}: ${error}`);
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #run(): Promise<void> {
    const { url, home, mark } = this.#land;
    const { command: [deno], env } = await start("source");
    const options: MachineOptions = {
      ...{ url: this.network.through(url), name: this.name, slots: SLOTS },
      queues: ["default", this.name],
    };
    const program = new URL("machine_program.ts", import.meta.url).pathname;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const [command, ...before] = [...this.cable?.prefix ?? [], deno];
    const args = [
      ...before,
      "run",
      "-A",
      "--no-check",
      "--config",
      config,
      program,
      JSON.stringify(options),
    ];
    const child = new Deno.Command(command, {
      args,
      cwd: home,
      clearEnv: true,
      env: {
        ...env,
        PATH: Deno.env.get("PATH") ?? "/usr/bin:/bin",
        ...{ HOME: this.files, XDG_DATA_HOME: this.files },
        ...mark,
      },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#wasKilled = false;
    this.#worker = new RunningProgram(child, { args: [this.name] });
    const { code, stdout, stderr } = await this.#worker.ended(24 * 3_600_000);
    this.#worker = null;
    const said = stdout.split("\n").filter((line) => line.startsWith("{"));
    for (const line of said) this.#count(line);
    const wasReady = said.some((line) => line.includes('"worker_ready"'));
    // Its store may have been away at its start. Nothing else is a reason to end.
    const isRight = code === 0 ? this.#isClosing : code === 5 && !wasReady;
    if (isRight || this.#wasKilled) return;
    this.faults.push(
      `${this.name}: the worker ended by itself with ${code}: ${stderr.slice(-2000)}`,
    );
  }

  #count(line: string): void {
    try {
      const { type } = JSON.parse(line) as { type: string };
      this.events[type] = (this.events[type] ?? 0) + 1;
    } catch {
      // It was killed in the middle of it.
    }
  }
}
