/**
 * A queue for tests of commands: a real store in a directory of its own, a worker that does what the
 * test says, and the command line in this process.
 *
 * @module
 */

import { APP } from "../../src/cli/app.ts";
import { run } from "../../src/cli/run.ts";
import type { NewJob } from "../../src/job/job.ts";
import type { Outcome } from "../../src/job/outcome.ts";
import type { Store } from "../../src/store/store.ts";
import type { Claim, TickRequest, TickResult } from "../../src/store/tick.ts";
import type { NewWorker } from "../../src/store/workers.ts";
import { currentHost, processRef } from "../../src/worker/host.ts";
import type { OutputChunk, ProcessRef, Stream } from "../../src/worker/protocol.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import { type Home, newHome } from "./queue_home.ts";
import { FakeSink } from "./fake_system.ts";

/** Every test begins at this moment. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

/** A process of this host that is gone: no pid is that large. */
const GONE: ProcessRef = { pid: 2 ** 30, startTime: "1" };

/** What a command left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Uint8Array;
}

/** What a command reads. */
export type Stdin = string | Uint8Array<ArrayBuffer>;

/** A command that runs. */
export class Running {
  readonly #stdout: RecordingSink;
  readonly #stderr = new FakeSink();
  readonly ended: Promise<Ended>;

  constructor(
    queue: Queue,
    args: readonly string[],
    { columns, stdin }: { readonly columns?: number; readonly stdin?: Stdin } = {},
  ) {
    this.#stdout = new RecordingSink(columns);
    this.ended = this.#run(queue, args, stdin);
  }

  get stdout(): string {
    return this.#stdout.text;
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** Waits until a text is on stderr. */
  async says(text: string): Promise<void> {
    await waitFor(() => this.stderr.includes(text), {
      message: () => `${JSON.stringify(text)} in ${JSON.stringify(this.stderr)}`,
    });
  }

  /** Waits until a text is on stdout. */
  async prints(text: string): Promise<void> {
    await waitFor(() => this.stdout.includes(text), {
      message: () => `${JSON.stringify(text)} in ${JSON.stringify(this.stdout)}`,
    });
  }

  async #run(queue: Queue, args: readonly string[], stdin: Stdin | undefined): Promise<Ended> {
    const code = await run(args, {
      stdout: this.#stdout,
      stderr: this.#stderr,
      stdin: { isTerminal: stdin === undefined, readable: new Blob([stdin ?? ""]).stream() },
      uncaught: new Promise(() => {}),
      now: () => queue.now,
      env: (name) => name === "QUEUECTL_DB" ? queue.path : undefined,
      cwd: () => queue.directory,
      openStore: (location, options) =>
        queue.home.open(location, { ...options, surroundings: { now: () => queue.now } }),
    }, APP);
    return { code, stdout: this.stdout, stderr: this.stderr, bytes: this.#stdout.bytes };
  }
}

/** Keeps the bytes as well as the text. */
class RecordingSink extends FakeSink {
  readonly #all: number[] = [];

  override write(bytes: Uint8Array): Promise<number> {
    for (const byte of bytes) this.#all.push(byte);
    return super.write(bytes);
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#all);
  }
}

/** A piece of output that a test writes. */
export type Written = readonly [stream: Stream, data: string | Uint8Array];

/** The queue of one test. */
export class Queue implements AsyncDisposable {
  /** The clock of the store and of the commands. */
  now = START;
  readonly store: Store;
  /** Where the store is. */
  readonly home: Home;
  /** How much each attempt has written, by its token. */
  readonly #positions = new Map<string, number>();

  private constructor(home: Home, store: Store) {
    this.home = home;
    this.store = store;
  }

  static async open(): Promise<Queue> {
    const home = await newHome();
    const clock: { queue?: Queue } = {};
    const store = await home.open(home.address, {
      create: true,
      surroundings: { now: () => clock.queue?.now ?? START },
    });
    return clock.queue = new Queue(home, store);
  }

  /** What `--db` takes. */
  get path(): string {
    return this.home.address;
  }

  /** The same as it is shown. */
  get location(): string {
    return this.home.location;
  }

  get directory(): string {
    return this.home.directory;
  }

  /** Runs `queuectl ARGS` to its end. */
  cli(...args: string[]): Promise<Ended> {
    return this.start(...args).ended;
  }

  /** Starts `queuectl ARGS`. */
  start(...args: string[]): Running {
    return new Running(this, args);
  }

  /** Runs `queuectl ARGS < STDIN` to its end. */
  fed(stdin: Stdin, ...args: string[]): Promise<Ended> {
    return new Running(this, args, { stdin }).ended;
  }

  /** Runs `queuectl ARGS` on a terminal. */
  onTerminal(columns: number, ...args: string[]): Promise<Ended> {
    return new Running(this, ["--color=never", ...args], { columns }).ended;
  }

  /** Enqueues jobs; ids alone will do. */
  async add(...jobs: (string | Partial<NewJob> & { readonly id: string })[]): Promise<void> {
    await this.store.enqueue(
      jobs.map((job) => typeof job === "string" ? newJob(job) : newJob(job.id, job)),
    );
  }

  /** A worker joins: in this process, or in one that is gone. */
  async join(id = "w1", options: Partial<NewWorker> & { readonly gone?: boolean } = {}) {
    const { gone = false, ...rest } = options;
    const host = currentHost();
    await this.store.join({
      id,
      host: host.name,
      hostIdentity: host.identity,
      process: gone ? GONE : processRef(Deno.pid)!,
      slots: 2,
      queues: null,
      ...rest,
    });
  }

  /** A tick of a worker. */
  tick(request: Partial<TickRequest> = {}): Promise<TickResult> {
    return this.store.tick({
      worker: "w1",
      ended: [],
      output: [],
      free: [],
      observed: new Map(),
      draining: false,
      buried: [],
      ...request,
    });
  }

  /** The worker begins the next job. */
  async claim(worker = "w1"): Promise<Claim> {
    const { claimed: [claim] } = await this.tick({ worker, free: [GONE] });
    if (claim === undefined) throw new Error("No job is pending");
    return claim;
  }

  /** The command writes. */
  async write(claim: Claim, ...written: Written[]): Promise<void> {
    const output = this.#chunks(claim, written).map((chunk) => ({
      jobId: claim.jobId,
      token: claim.token,
      chunk,
    }));
    await this.tick({ output });
  }

  /** So many bytes that the command wrote are not kept. */
  skip(claim: Claim, bytes: number): void {
    this.#positions.set(claim.token, (this.#positions.get(claim.token) ?? 0) + bytes);
  }

  /** The command writes, and ends with an exit code or otherwise. */
  async end(claim: Claim, outcome: number | Outcome, ...written: Written[]): Promise<void> {
    const chunks = this.#chunks(claim, written);
    await this.tick({
      ended: [{
        jobId: claim.jobId,
        token: claim.token,
        outcome: typeof outcome === "object"
          ? outcome
          : outcome === 0
          ? { kind: "completed" }
          : { kind: "failed", exitCode: outcome },
        finishedAt: this.now,
        chunks,
        outputBytes: this.#positions.get(claim.token) ?? 0,
      }],
    });
  }

  /** Enqueues a job and runs it: its worker is `w1`. */
  async ran(
    job: string | Partial<NewJob> & { readonly id: string },
    outcome: number | Outcome,
    ...written: Written[]
  ): Promise<void> {
    await this.add(job);
    await this.end(await this.claim(), outcome, ...written);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store[Symbol.asyncDispose]();
    await this.home[Symbol.asyncDispose]();
  }

  #chunks({ token }: Claim, written: readonly Written[]): OutputChunk[] {
    return written.map(([stream, data]) => {
      const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
      const seq = this.#positions.get(token) ?? 0;
      this.#positions.set(token, seq + bytes.length);
      return { token, seq, stream, time: this.now, bytes, missing: 0, dropped: null };
    });
  }
}
