/**
 * Where a flow is played: a home directory with a store of its own, real processes, and a mark in
 * their environment by which every process that the flow has started can be found.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type Ended, queuectl, RunningProgram, spawnQueuectl, type Via } from "../helpers/cli.ts";
import { start } from "../helpers/program.ts";
import { type TempDir, tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";
import type { Row, SqlValue } from "../../src/store/sql/work.ts";
import {
  type StageStore,
  stageStore,
  type StoreKind,
  type StoreLock,
  type StoreReader,
  STORES_VARIABLE,
} from "./stage_store.ts";

/** An attempt as `show --json` prints it. */
export interface AttemptJson {
  readonly attempt: number;
  readonly outcome: string | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly exit_code: number | null;
  readonly error: string | null;
  readonly worker_id: string;
  readonly output_bytes: number | null;
}

/** A job as `show --json` prints it. */
export interface JobJson {
  readonly id: string;
  readonly command: string;
  readonly state: string;
  readonly attempts: number;
  readonly max_retries: number;
  readonly run_at: string | null;
  readonly created_at: string;
  readonly started_at: string | null;
  readonly finished_at: string | null;
  readonly exit_code: number | null;
  readonly error: string | null;
  readonly cwd: string | null;
  readonly attempt_log: readonly AttemptJson[];
}

/** How a process of the flow is started. */
export interface StageRun {
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeout?: number;
}

/** In what forms the program plays a flow. */
export interface FlowOptions {
  /** `source` and `executable` if absent. */
  readonly vias?: readonly Via[];
  /**
   * In what stores: `sqlite` alone if absent. In each other one it is played once more, by the last of the forms.
   */
  readonly stores?: readonly StoreKind[];
  /** Set where the flow cannot be played here: it counts as ignored. */
  readonly ignore?: boolean;
}

/** For a flow that is not about what holds the store, but asks much of it. */
export const BOTH_STORES: readonly StoreKind[] = ["sqlite", "postgres"];

/** The environment variable that holds the stage's directory, in every process of a flow. */
const MARK = "QT_STAGE";

/**
 * Registers a test: the same flow, at the same time, by each form of the program. What still works at
 * its end is told to stop; then nothing may be left, neither a process nor a file of the spool.
 */
export function flow(
  title: string,
  body: (stage: Stage) => Promise<void>,
  { vias = ["source", "executable"], stores = ["sqlite"], ignore = false }: FlowOptions = {},
): void {
  const wanted = Deno.env.get(STORES_VARIABLE)?.split(",") as StoreKind[] | undefined ?? stores;
  const plays = wanted.flatMap((kind) =>
    (kind === "sqlite" ? vias : vias.slice(-1)).map((via) => ({ kind, via }))
  );
  Deno.test({ name: title, ignore }, async (test) => {
    const steps = plays.map(({ kind, via }) =>
      test.step({
        name: kind === "sqlite" ? via : `${via}, ${kind}`,
        fn: () => play(via, kind, body),
        // Steps at the same time cannot be told apart by the sanitizers; the stage looks itself.
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
      })
    );
    await Promise.all(steps);
  });
}

async function play(
  via: Via,
  kind: StoreKind,
  body: (stage: Stage) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir();
  await using stage = await Stage.open(via, dir, kind);
  await body(stage);
  await stage.finish();
}

/** One flow in one form of the program; `await using` ends what is left of it. */
export class Stage implements AsyncDisposable {
  readonly via: Via;
  /** What holds its store. */
  readonly kind: StoreKind;
  /** The home directory, in which everything runs. */
  readonly home: string;
  readonly #store: StageStore;
  readonly #dir: TempDir;
  readonly #running: RunningProgram[] = [];

  private constructor(via: Via, dir: TempDir, kind: StoreKind, store: StageStore) {
    this.via = via;
    this.kind = kind;
    this.#dir = dir;
    this.home = dir.path;
    this.#store = store;
  }

  /** Makes what the flow needs but its store, which the first command makes in its default place. */
  static async open(via: Via, dir: TempDir, kind: StoreKind = "sqlite"): Promise<Stage> {
    const store = await stageStore(kind, dir);
    const stage = new Stage(via, dir, kind, store);
    const { command } = await start(via);
    await Deno.mkdir(dir.join("bin"));
    const words = command.map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(dir.join("bin/queuectl"), `#!/bin/sh\nexec ${words} "$@"\n`, {
      mode: 0o755,
    });
    return stage;
  }

  /** What `--db` takes: the path of the store's file, or its URL. */
  get store(): string {
    return this.#store.address;
  }

  /** The store's address as it is shown. */
  get location(): string {
    return this.#store.location;
  }

  /** The directory with the spool files. */
  get directory(): string {
    return this.#store.directory;
  }

  /** Runs a statement on the store past queuectl, in which `?` is a parameter; returns its rows. */
  async ask(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    return await this.#store.ask(sql, ...values);
  }

  /** A connection to the store past queuectl that stays, for reading. */
  async reader(): Promise<StoreReader> {
    return await this.#store.reader();
  }

  /** Takes a lock with which the store is away for all who want to write, until it is disposed of. */
  async lockStore(): Promise<StoreLock> {
    return await this.#store.lock();
  }

  /** Waits for the turn to write, and keeps it: nobody else is in the middle of writing, or can begin to. */
  async takeTurn(): Promise<AsyncDisposable> {
    return await this.#store.takeTurn();
  }

  /** Keeps all others from changing a job until it is disposed of; they see what goes on as before. */
  async holdJob(id: string): Promise<AsyncDisposable> {
    return await this.#store.holdJob(id);
  }

  /** Whether a process waits for a lock to write, and is the next to have it. */
  async isNextToWrite(pid: number): Promise<boolean> {
    return await this.#store.isNext(pid);
  }

  /** Whether a process is in the middle of a transaction in which it writes. */
  async isWriting(pid: number): Promise<boolean> {
    return await this.#store.isWriting(pid);
  }

  /** Rings the doorbell of a worker, by its id. */
  async ring(worker: string): Promise<void> {
    await this.#store.ring(worker);
  }

  /** Takes the store away from under whoever works with it. */
  async removeStore(): Promise<void> {
    await this.#store.remove();
  }

  /** The size of the log that the store writes ahead, bytes: 0 where that is a server's. */
  logSize(): number {
    return this.#store.logSize();
  }

  /** What is damaged in the store, below all that it says of jobs. */
  async damage(): Promise<readonly string[]> {
    return await this.#store.damage();
  }

  /** The endings of the files that are the store itself, while a worker is at work. */
  get endings(): readonly string[] {
    return this.#store.endings;
  }

  /** What tells a program where the store is, if that is not the default place. */
  get variables(): Readonly<Record<string, string>> {
    return this.#store.variables;
  }

  /** What clients of the store that are not queuectl need in their environment. */
  get clientVariables(): Readonly<Record<string, string>> {
    return this.#store.clientVariables;
  }

  /** What tells every process of the flow where it is, and where its store is. */
  get #environment(): Record<string, string> {
    return { [MARK]: this.home, ...this.variables };
  }

  /** A path in the home directory. */
  join(...names: readonly string[]): string {
    return this.#dir.join(...names);
  }

  /** The text of a file in the home directory; empty if it is not there. */
  read(name: string): string {
    try {
      return Deno.readTextFileSync(this.join(name));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    }
  }

  /** The lines of a file in the home directory. */
  lines(name: string): string[] {
    return this.read(name).split("\n").slice(0, -1);
  }

  #options(options: StageRun) {
    return {
      via: this.via,
      home: this.home,
      cwd: this.home,
      ...options,
      env: { ...this.#environment, ...options.env },
    };
  }

  /** Runs `queuectl ARGS` to its end, whatever that is. */
  async run(args: readonly string[], options: StageRun = {}): Promise<Ended> {
    return await queuectl(args, this.#options(options));
  }

  /** Runs `queuectl ARGS`, which must succeed; returns what it printed. */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    assert.equal(code, 0, `queuectl ${args.join(" ")}: exit code ${code}\n${stderr}`);
    return stdout;
  }

  /** Runs `queuectl ARGS --json`, which must succeed; returns the one value that it printed. */
  async json<T>(...args: readonly string[]): Promise<T> {
    return JSON.parse(await this.ok(...args, "--json"));
  }

  /** Starts `queuectl ARGS`. */
  async spawn(args: readonly string[], options: StageRun = {}): Promise<RunningProgram> {
    const program = await spawnQueuectl(args, this.#options(options));
    this.#running.push(program);
    return program;
  }

  /** Starts a worker in the foreground and waits until it claims. */
  async worker(args: readonly string[] = [], options: StageRun = {}): Promise<RunningProgram> {
    const worker = await this.spawn(["worker", "start", ...args], options);
    await worker.line("is ready", { stream: "stderr" });
    return worker;
  }

  /** Starts a shell script in which `queuectl` is the program. */
  async shell(script: string, { stdin, env, cwd }: StageRun = {}): Promise<RunningProgram> {
    const { env: needed } = await start(this.via);
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", script],
      cwd: cwd ?? this.home,
      clearEnv: true,
      env: {
        PATH: `${this.join("bin")}:${Deno.env.get("PATH")}`,
        HOME: this.home,
        ...this.#environment,
        ...needed,
        ...env,
      },
      stdin: stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const program = new RunningProgram(child, { args: ["(sh)", script], stdin });
    this.#running.push(program);
    return program;
  }

  /** Runs a shell script, which must succeed and write nothing to stderr; returns its output. */
  async sh(script: string, options: StageRun = {}): Promise<string> {
    const { code, stdout, stderr } = await (await this.shell(script, options)).ended();
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" }, script);
    return stdout;
  }

  /** Enqueues shell text; `flags` are those of `enqueue`. */
  async enqueue(command: string, ...flags: readonly string[]): Promise<string> {
    return (await this.ok("enqueue", ...flags, "--command", command)).trimEnd();
  }

  /** A job with its attempts. */
  async job(id: string): Promise<JobJson> {
    return await this.json<JobJson>("show", id);
  }

  /** Waits until a job is in one of these states. */
  async until(id: string, states: string | readonly string[], timeout = 60_000): Promise<JobJson> {
    let job: JobJson | undefined;
    let state: string | null = null;
    return await waitFor(
      async () => {
        // A look into the store (0.4 ms) is 200 times cheaper than a process that is asked again and again.
        state = await this.#peek(id);
        if (state !== null && !states.includes(state)) return false;
        job = await this.job(id);
        return states.includes(job.state) && job;
      },
      {
        timeout,
        interval: 20,
        message: () => `${states}: ${state}, ${JSON.stringify(job, null, 1)}`,
      },
    );
  }

  /** The state of a job by the store; null if this is not its full id. */
  async #peek(id: string): Promise<string | null> {
    const [row] = await this.ask("SELECT state FROM job WHERE id = ?", id);
    return row === undefined ? null : String(row.state);
  }

  /** Waits for a file in the home directory with so many lines; returns them. */
  async untilLines(name: string, count = 1, timeout = 60_000): Promise<string[]> {
    return await waitFor(() => this.lines(name).length >= count && this.lines(name), {
      timeout,
      message: () => `${count} lines in ${name}: ${this.read(name)}`,
    });
  }

  /** The processes of this flow that live, with their command lines. */
  processes(): Map<number, string> {
    return findProcesses((environment) => this.owns(environment));
  }

  /** Whether an environment is that of a process of this flow. */
  owns(environment: readonly string[]): boolean {
    return environment.includes(`${MARK}=${this.home}`);
  }

  /** Waits until a program ends, with this code. */
  async end(program: RunningProgram, code = 0): Promise<Ended> {
    const ended = await program.ended();
    assert.equal(ended.code, code, ended.stderr);
    return ended;
  }

  /** Stops what still works, as Ctrl-C would, and looks at what is left. */
  async finish(): Promise<void> {
    for (const program of this.#running) program.kill("SIGINT");
    const codes = await Promise.all(
      this.#running.map(async (program) => (await program.ended()).signal),
    );
    assert.deepEqual(codes.filter((signal) => signal === "SIGINT"), [], "ended by SIGINT");
    await this.isEmpty();
    assert.deepEqual(this.leftovers(), [], `files left in ${this.directory}`);
  }

  /** Waits until no process of the flow is left. */
  async isEmpty(): Promise<void> {
    const shown = () => [...this.processes()].map(([pid, line]) => `${pid} ${line}`).join("\n");
    await waitFor(() => this.processes().size === 0, {
      timeout: 30_000,
      message: () => `the end of all processes:\n${shown()}`,
    });
  }

  /** What is in the store's side directory that should not outlive the workers. */
  leftovers(): string[] {
    try {
      return [...Deno.readDirSync(this.directory)].map(({ name }) => name)
        .filter((name) => name !== "turnstile" && !/^worker-.*\.log$/.test(name)).sort();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  }

  /** Kills whatever is left of the flow, and nothing else. */
  async clear(): Promise<void> {
    for (const program of this.#running) await program[Symbol.asyncDispose]();
    for (let left = this.processes(); left.size > 0; left = this.processes()) {
      for (const pid of left.keys()) killIfThere(pid);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.clear();
    await this.#store[Symbol.asyncDispose]();
  }
}

/** The living processes with a matching environment (as `NAME=value` texts), and their command lines. */
export function findProcesses(
  matches: (environment: readonly string[]) => boolean,
): Map<number, string> {
  const found = new Map<number, string>();
  for (const { name } of Deno.readDirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    try {
      const environment = Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
      if (!matches(environment)) continue;
      const [, state] = /\) (\S)/.exec(Deno.readTextFileSync(`/proc/${pid}/stat`)) ?? [];
      if (state === "Z" || state === "X") continue;
      found.set(pid, Deno.readTextFileSync(`/proc/${pid}/cmdline`).replaceAll("\0", " "));
    } catch {
      // It has ended in the meantime, or belongs to somebody else.
    }
  }
  return found;
}

/** Whether a process lives: a zombie does not. */
export function isLiving(pid: number): boolean {
  try {
    const [, state] = /\) (\S)/.exec(Deno.readTextFileSync(`/proc/${pid}/stat`)) ?? [];
    return state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}

/** Sends SIGKILL; nothing happens if the process has ended. */
export function killIfThere(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Seconds between two times as the program prints them. */
export function secondsBetween(from: string | null | undefined, to: string | null | undefined) {
  return (Date.parse(to ?? "") - Date.parse(from ?? "")) / 1000;
}
