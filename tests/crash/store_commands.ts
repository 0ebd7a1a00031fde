/**
 * Every command line that uses the store, for tests of stores that cannot be used.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { APP, shown } from "../../src/cli/app.ts";
import { run } from "../../src/cli/run.ts";
import type { Outcome } from "../../src/job/outcome.ts";
import { openSqlite } from "../store/open_sqlite.ts";
import type { TickRequest } from "../../src/store/tick.ts";
import { FakeSink } from "../cli/fake_system.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { newJob } from "../job/jobs.ts";

/** A command line, and what it wants of the store. */
export interface StoreCommand {
  /** In the words of the table of commands. */
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  /** It only reads: it works wherever the store can be read. */
  readonly reads?: true;
  /** It goes on as long as there is work, or a worker is missing. */
  readonly stays?: true;
  /** It makes the store where there is none. */
  readonly creates?: true;
  /** Variables that a job would have. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The attempt of the job `running`. */
const TOKEN = "00000000-0000-4000-8000-000000000000";

/** At least one command line for each command that opens a store. */
export const COMMANDS: readonly StoreCommand[] = [
  { name: "enqueue", args: ["--", "true"], creates: true },
  { name: "enqueue", args: ["--if-exists=return", "--unique-key=k", "--", "true"], creates: true },
  { name: "enqueue", args: [], stdin: '{"command":"a"}\n{"command":"b"}', creates: true },
  { name: "run", args: ["--", "true"], creates: true, stays: true },
  { name: "worker start", args: ["--drain"], creates: true, stays: true },
  { name: "worker stop", args: [], reads: true },
  { name: "worker scale", args: ["2"], reads: true },
  { name: "worker list", args: [], reads: true },
  { name: "schedule add", args: ["s", "--cron=@daily", "--", "true"], creates: true },
  { name: "schedule list", args: [], reads: true },
  { name: "schedule next", args: ["nightly"], reads: true },
  { name: "schedule pause", args: ["nightly"] },
  { name: "schedule resume", args: ["paused"] },
  { name: "schedule remove", args: ["nightly"] },
  { name: "status", args: [], reads: true },
  { name: "list", args: [], reads: true },
  { name: "show", args: ["completed"], reads: true },
  { name: "logs", args: ["completed"], reads: true },
  { name: "explain", args: ["held"], reads: true },
  { name: "wait", args: ["completed"], reads: true },
  { name: "metrics", args: [], reads: true },
  { name: "dashboard", args: ["--port=0"], creates: true, stays: true },
  {
    name: "progress",
    args: ["50"],
    env: { QUEUECTL_JOB_ID: "running", QUEUECTL_ATTEMPT_TOKEN: TOKEN },
  },
  { name: "cancel", args: ["pending"] },
  { name: "retry", args: ["dead"] },
  { name: "edit", args: ["held", "--priority=5"] },
  { name: "release", args: ["held"] },
  { name: "delete", args: ["completed"] },
  { name: "prune", args: ["--state=completed"] },
  { name: "queue list", args: [], reads: true },
  { name: "queue pause", args: ["default"] },
  { name: "queue resume", args: ["slow"] },
  { name: "queue set", args: ["default", "--limit=3"], creates: true },
  { name: "dlq list", args: [], reads: true },
  { name: "dlq show", args: ["dead"], reads: true },
  { name: "dlq retry", args: ["dead"] },
  { name: "dlq retry", args: ["--all"] },
  { name: "dlq purge", args: ["dead"] },
  { name: "dlq purge", args: ["--all"] },
  { name: "config list", args: [], reads: true },
  { name: "config get", args: ["lease"], reads: true },
  { name: "config set", args: ["lease", "40s"], creates: true },
  { name: "config unset", args: ["backoff_base"] },
  { name: "export", args: [], reads: true },
  { name: "import", args: ["-"], stdin: '{"command":"a"}', creates: true },
];

/**
 * Commands that open no store of the user's, or whose work it is to tell what is wrong with it; `migrate` needs two,
 * see `tests/cli/migrate_test.ts`.
 */
export const OTHERS = ["schema", "completions", "demo", "doctor", "migrate"];

let template: Promise<Uint8Array> | null = null;

/** Makes the store on which {@linkcode COMMANDS} work: nobody has it open. */
export async function makeStore(path: string): Promise<void> {
  await Deno.writeFile(path, await (template ??= storeBytes()), { mode: 0o600 });
  await Deno.mkdir(`${path}.d`, { mode: 0o700 });
}

async function storeBytes(): Promise<Uint8Array> {
  await using temp = await tempDir();
  await fillStore(temp.join("queue.db"));
  return await Deno.readFile(temp.join("queue.db"));
}

async function fillStore(path: string): Promise<void> {
  await using store = await openSqlite(path, {
    create: true,
    surroundings: { newToken: () => TOKEN },
  });
  const launcher = { pid: 1, startTime: "1" };
  const idle = { worker: "w", ended: [], output: [], free: [], observed: new Map() };
  const tick = (request: Partial<TickRequest>) =>
    store.tick({ ...idle, draining: false, buried: [], ...request });
  const run = async (id: string) => {
    await store.enqueue([newJob(id)]);
    await tick({ free: [launcher] });
  };
  const ends = (jobId: string, outcome: Outcome) =>
    tick({
      ended: [{ jobId, token: TOKEN, outcome, finishedAt: 1, chunks: [], outputBytes: 0 }],
    });
  await store.join({
    ...{ id: "w", host: "h", hostIdentity: "i", process: launcher, slots: 1, queues: null },
  });
  await run("completed");
  await ends("completed", { kind: "completed" });
  await run("dead");
  await ends("dead", { kind: "failed", exitCode: 1 });
  await run("running");
  await store.enqueue([newJob("pending"), newJob("held", { held: true })]);
  await store.configureQueue("slow", { paused: true }, { create: true });
  await store.configure("backoff_base", "3");
  for (const name of ["nightly", "paused"]) {
    const args = ["add", name, "--cron=@daily", "--", "true"];
    const { code, stderr } = await runOn(path, { name: "schedule", args });
    if (code !== 0) throw new Error(stderr);
  }
  await store.pauseSchedule("paused", true);
  // What remains of a worker would be waited for.
  const database = new DatabaseSync(path);
  database.exec("DELETE FROM worker");
  database.close();
}

/** The full names of all commands that people are shown. */
export function commandNames(): string[] {
  return APP.flatMap(({ members }) => shown(members)).flatMap((member) =>
    "entries" in member
      ? shown(member.entries).map(({ name }) => `${member.name} ${name}`)
      : [member.name]
  );
}

/** What a command left behind. */
export interface CommandEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command in this process on the store at a path; it does not wait for locks. */
export async function runOn(
  path: string,
  { name, args, stdin, env }: StoreCommand,
): Promise<CommandEnd> {
  const stdout = new FakeSink();
  const stderr = new FakeSink();
  const code = await run([...name.split(" "), ...args], {
    ...{ stdout, stderr },
    stdin: { isTerminal: stdin === undefined, readable: new Blob([stdin ?? ""]).stream() },
    uncaught: new Promise(() => {}),
    now: Date.now,
    env: (variable) => variable === "QUEUECTL_DB" ? path : env?.[variable],
    cwd: () => "/",
    openStore: (location, options) => openSqlite(location, { ...options, patience: 0 }),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
