/**
 * A store to be damaged: the doctor is asked, what it says is done as it stands there, and it is asked
 * again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { debianProgram } from "../toolchain/debian_program.ts";
import { DatabaseSync } from "node:sqlite";
import { start } from "../helpers/program.ts";
import { Queue } from "./queue.ts";

/** What `doctor --json` prints of a finding. */
export interface FindingJson {
  readonly name: string;
  readonly verdict: "ok" | "warning" | "problem";
  readonly finding: string;
  readonly mend: string | null;
}

/** What the doctor said. */
export interface Diagnosis {
  readonly code: number;
  readonly ok: boolean;
  readonly checks: readonly FindingJson[];
  /** The checks that have found something. */
  readonly findings: readonly FindingJson[];
}

/** What is expected of a sickness. */
export interface Symptom {
  readonly name: string;
  readonly verdict: "warning" | "problem";
  readonly finding: RegExp;
  /** 0 for a warning, 1 for a problem, 5 for one that makes the store unusable. */
  readonly code?: number;
}

/** Makes a healthy store: jobs that have run, wait, and run, and a worker that lives. */
export async function healthyQueue(): Promise<Queue> {
  const queue = await Queue.open();
  queue.now = Date.now();
  await queue.join();
  await queue.ran("done", 0, ["stdout", "out"]);
  await queue.ran("failed", 1);
  await queue.add("parent", { id: "child", after: [{ id: "parent", on: "ok" }] });
  await queue.add({ id: "fed", stdin: "input", priority: -1 });
  return queue;
}

/** Changes a store past queuectl, as damage does: no trigger, check or constraint stands in the way. */
export function damage(path: string, ...statements: readonly string[]): void {
  const db = new DatabaseSync(path, { defensive: false } as object);
  try {
    db.exec("PRAGMA busy_timeout = 5000; PRAGMA ignore_check_constraints = 1");
    for (const statement of statements) db.exec(statement);
  } finally {
    db.close();
  }
}

/** Asks the doctor. */
export async function examine(queue: Queue, ...flags: readonly string[]): Promise<Diagnosis> {
  const { code, stdout, stderr } = await queue.cli("doctor", "--json", ...flags);
  assert.equal(stderr, "");
  const { ok, checks } = JSON.parse(stdout);
  const findings = checks.filter(({ verdict }: FindingJson) => verdict !== "ok");
  return { code, ok, checks, findings };
}

/** The doctor finds nothing. */
export async function assertHealthy(queue: Queue, ...flags: readonly string[]): Promise<void> {
  const { code, ok, findings } = await examine(queue, ...flags);
  assert.deepEqual({ code, ok, findings }, { code: 0, ok: true, findings: [] });
}

/** The doctor finds this and nothing else; the finding. */
export async function assertFinds(
  queue: Queue,
  { name, verdict, finding, code = verdict === "problem" ? 1 : 0 }: Symptom,
  ...flags: readonly string[]
): Promise<FindingJson> {
  const diagnosis = await examine(queue, ...flags);
  const [found, ...others] = diagnosis.findings;
  assert.ok(found, `nothing was found of ${finding}`);
  assert.deepEqual(others, []);
  assert.deepEqual({ name: found.name, verdict: found.verdict }, { name, verdict });
  assert.match(found.finding, finding);
  assert.equal(diagnosis.code, code);
  assert.equal(diagnosis.ok, verdict === "warning");
  assert.ok(found.mend, "how to mend it");
  return found;
}

/** Finds it, does what is said, and finds nothing more. */
export async function assertMends(
  queue: Queue,
  symptom: Symptom,
  ...flags: readonly string[]
): Promise<void> {
  await follow(queue, await assertFinds(queue, symptom, ...flags));
  await assertHealthy(queue, ...flags);
}

/** The command of a mend: `To close it: chmod 600 queue.db`. */
export function commandOf({ mend }: FindingJson): string {
  const [, command] = /^[^:]*: ([^]*)$/.exec(mend ?? "") ?? [];
  assert.ok(command, `a command in ${mend}`);
  return command;
}

/** Does what a finding says: by a shell, or in this process where it is queuectl alone. */
export async function follow(queue: Queue, finding: FindingJson): Promise<void> {
  const command = commandOf(finding);
  const steps = command.split(" && ");
  if (steps.some((step) => !/^queuectl [\w. -]+$/.test(step))) return await sh(queue, command);
  for (const step of steps) {
    const { code, stderr } = await queue.cli(...step.split(" ").slice(1));
    assert.equal(code, 0, `${step}: ${stderr}`);
  }
}

/** Runs shell text in which `queuectl` is the program, and this store the usual one. */
export async function sh(queue: Queue, script: string): Promise<void> {
  const { command: [program, ...args], env } = await start("source");
  const words = [program, ...args].map((word) => `'${word}'`).join(" ");
  const { code, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", `queuectl() { ${words} "$@"; }\n${sqlite3()}${script}`],
    cwd: queue.directory,
    env: { ...env, QUEUECTL_DB: queue.path },
  }).output();
  assert.equal(code, 0, `${script}: ${new TextDecoder().decode(stderr)}`);
}

function sqlite3(): string {
  if (SQLITE3 === null) return "";
  const env = Object.entries(SQLITE3.env).map(([name, value]) => `${name}='${value}'`).join(" ");
  return `sqlite3() { ${env} command '${SQLITE3.program}' "$@"; }\n`;
}

const SQLITE3 = await debianProgram({
  name: "sqlite3",
  packages: ["sqlite3", "libsqlite3-0", "libreadline8", "libtinfo6"],
  test: ["--version"],
});

/** Whether the shell of SQLite can be had here. */
export const HAS_SQLITE3: boolean = SQLITE3 !== null;

/** A digest of all that is in the queue's directory, but for SQLite's shared memory, which is a cache. */
export async function digest(queue: Queue): Promise<string> {
  // By another process: closing the file in this one would drop the locks of SQLite.
  const { stdout } = await new Deno.Command("/bin/sh", {
    args: [
      "-c",
      "find . ! -name '*-shm' | sort | xargs stat -c '%n %a %U'; " +
      "find . ! -name '*-shm' -type f | sort | xargs sha256sum",
    ],
    cwd: queue.directory,
  }).output();
  return new TextDecoder().decode(stdout);
}
