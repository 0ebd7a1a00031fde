/**
 * The shell that starts the commands of a slot.
 *
 * A launcher is one long-lived, detached `/bin/sh` that reads a line per job. It is tiny, so its forks
 * are fast and stay so: the same from Deno is slower by half with `detached`, and slows down as the
 * worker grows. Each command runs in a **foreground** subshell. In the background (`&` and `wait`) a
 * shell makes it ignore SIGINT, and a SIGTERM right after the start gets lost: dash 78 times of 400.
 *
 * @module
 */

import { ignoresSignals, processRef } from "./host.ts";
import { PLACES } from "./line.ts";
import type { AttemptResult, ProcessRef } from "./protocol.ts";
import { shellQuote } from "./quote.ts";
import { assertPlainFile, removeIfThere, type SpoolPaths } from "./spool.ts";

/** What a launcher is told to run. */
export interface LauncherJob {
  readonly token: string;
  /** Shell text. */
  readonly command: string;
  /** An absolute path. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** The files exist. */
  readonly paths: SpoolPaths;
  /** Whether standard input is `paths.stdin`; otherwise it is empty. */
  readonly hasInput: boolean;
}

/**
 * What a job may send to its whole process group must not end the launcher. These are traps, not
 * ignores: a subshell resets traps to the default, ignores would be passed on to the command.
 */
const TRAPPED = ["HUP", "INT", "QUIT", "PIPE", "ALRM", "TERM", "USR1", "USR2"];

/** The same as numbers without PIPE, which Deno ignores but resets for its children; and CHLD. */
const CHECKED = [1, 2, 3, 14, 15, 10, 12, 17];

/** A variable that means nothing to a shell: it may stand before `exec` as an assignment. */
const OWN_VARIABLE = /^(?:QUEUECTL_[A-Z0-9_]*|TRACEPARENT)$/;

const ENV = "/usr/bin/env";

const CANNOT_FORK: AttemptResult = {
  kind: "not_begun",
  error: "The slot's launcher could not start another process",
};

/** Commands whose end the store may not have heard of: one in the slot, and those in its line. */
const STATUSES = 1 + PLACES;

/** A status is a token, a space, a word and the end of the line. */
const STATUS_BYTES = STATUSES * (64 + 1 + 9 + 1);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A running launcher. It runs one job at a time. */
export class Launcher {
  /** The process. It leads a session and a process group of its own. */
  readonly ref: ProcessRef;
  /** Resolves when the process has ended, and never rejects. */
  readonly ended: Promise<void>;
  readonly #spool: string;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  #waiting: { job: LauncherJob; resolve: (result: AttemptResult) => void } | null = null;
  #hasEnded = false;
  #unread = "";

  private constructor(spool: string, child: Deno.ChildProcess, ref: ProcessRef) {
    this.#spool = spool;
    this.ref = ref;
    this.#stdin = child.stdin.getWriter();
    this.ended = this.#watch(child);
  }

  /**
   * Starts a launcher.
   *
   * @param spool The absolute directory in which it leaves the status of its last commands.
   * @param shell Which POSIX shell it is; the commands themselves are always run by `/bin/sh`.
   * @throws If the shell cannot be started, or the file for the status cannot be made.
   */
  static async start(
    spool: string,
    shell: readonly [string, ...string[]] = ["/bin/sh"],
  ): Promise<Launcher> {
    const [program, ...args] = await launcherWords(shell);
    const child = new Deno.Command(program, {
      args,
      ...cleanEnvironment(),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      detached: true,
    }).spawn();
    const launcher = new Launcher(spool, child, await refOf(child));
    const statusFile = statusPath(spool, launcher.ref);
    try {
      // Made in advance and never emptied, so that a full disk does not cost a status.
      Deno.writeTextFileSync(statusFile, `none none${" ".repeat(STATUS_BYTES)}\n`, { mode: 0o600 });
    } catch (error) {
      await launcher.close();
      throw error;
    }
    launcher.#write(prologue(statusFile));
    return launcher;
  }

  /** Whether the process is known to have ended. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Runs a command; resolves with how it ended. */
  run(job: LauncherJob): Promise<AttemptResult> {
    if (this.#waiting !== null) throw new Error("A launcher runs one job at a time");
    if (this.#hasEnded) {
      return Promise.resolve({ kind: "not_begun", error: "The slot's launcher was gone" });
    }
    return new Promise((resolve) => {
      this.#waiting = { job, resolve };
      this.#write(jobLine(job));
    });
  }

  /** Lets the launcher go after its current job; resolves when it has ended. */
  async close({ keepStatus = false } = {}): Promise<void> {
    await this.#stdin.close().catch(() => {});
    await this.ended;
    if (!keepStatus) removeIfThere(statusPath(this.#spool, this.ref));
  }

  /** A write fails only if the launcher is dead, which `#watch` notices. */
  #write(text: string): void {
    this.#stdin.write(encoder.encode(text)).catch(() => {});
  }

  async #watch(child: Deno.ChildProcess): Promise<void> {
    const reading = this.#readReports(child.stdout);
    const { code, signal } = await child.status;
    // What it had reported is in the pipe. Somebody else may hold the other end open, though.
    const patience = Promise.withResolvers<void>();
    const timer = setTimeout(patience.resolve, 1000);
    await Promise.race([reading, patience.promise]);
    clearTimeout(timer);
    this.#hasEnded = true;
    // A shell that ends by itself in the middle of its input has failed to fork: no command has begun.
    const result = signal === null && code !== 0 ? CANNOT_FORK : { kind: "launcher_died" } as const;
    this.#waiting?.resolve(result);
    this.#waiting = null;
  }

  /** One buffer for all reads: a default reader allocates 64 KiB for every status. */
  async #readReports(stream: ReadableStream<Uint8Array>): Promise<void> {
    const reader = stream.getReader({ mode: "byob" });
    let buffer = new ArrayBuffer(1024);
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      if (done || value === undefined) return;
      this.#readLines(decoder.decode(value));
      buffer = value.buffer as ArrayBuffer;
    }
  }

  #readLines(text: string): void {
    const lines = (this.#unread + text).split("\n");
    this.#unread = lines.pop() ?? "";
    for (const line of lines) {
      const [token, status] = line.split(" ");
      const waiting = this.#waiting;
      if (waiting === null || status === undefined || waiting.job.token !== token) continue;
      this.#waiting = null;
      waiting.resolve(attemptResult(status, waiting.job.cwd));
    }
  }
}

/** @throws As `processInfo` of `host.ts`; the child has ended then. */
async function refOf(child: Deno.ChildProcess): Promise<ProcessRef> {
  try {
    return processRef(child.pid) ?? { pid: child.pid, startTime: "unknown" };
  } catch (error) {
    await Promise.all([child.stdin.close(), child.stdout.cancel(), child.status]);
    throw error;
  }
}

/**
 * The status that a launcher left beside the spool, after its worker's death.
 *
 * @param cwd The attempt's directory, for the error's words.
 * @returns Null if the attempt's command has not ended as far as the launcher knew.
 */
export function salvageStatus(
  spool: string,
  launcher: ProcessRef,
  token: string,
  cwd: string,
): AttemptResult | null {
  let text: string;
  const path = statusPath(spool, launcher);
  try {
    assertPlainFile(path);
    text = Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  // What comes after the last of them is left of earlier, longer lines.
  const line = text.split("\n").slice(0, -1).find((line) => line.startsWith(`${token} `));
  return line === undefined ? null : attemptResult(line.slice(token.length + 1), cwd);
}

/** Whether a launcher has left its file for statuses here, which each makes at its start. */
export function hasStatus(spool: string, launcher: ProcessRef): boolean {
  try {
    return Deno.lstatSync(statusPath(spool, launcher)).isFile;
  } catch {
    return false;
  }
}

/** Removes what a dead launcher left beside the spool. */
export function removeStatus(spool: string, launcher: ProcessRef): void {
  removeIfThere(statusPath(spool, launcher));
}

function statusPath(spool: string, launcher: ProcessRef): string {
  return `${spool}/launcher-${launcher.pid}-${launcher.startTime}.status`;
}

/**
 * Told once. The status goes to the file first, with those before it: with the worker dead, the second
 * `echo` fails. `<>` does not empty the file, so at no time is there less than a whole line in it.
 */
function prologue(statusFile: string): string {
  const kept = Array.from({ length: STATUSES }, (_, i) => `__queuectl_s${i}`);
  const moves = kept.toReversed().slice(0, -1).map((name, i) => `${name}=$${kept.at(-i - 2)}`);
  const lines = kept.map((name) => `$${name}`).join("\n");
  return `trap : ${TRAPPED.join(" ")}\n` +
    `__queuectl_report() { ${moves.join(";")};__queuectl_s0="$1 $2"\n` +
    `echo "${lines}" 1<>${shellQuote(statusFile)}; echo "$1 $2"; cd /; }\n`;
}

/**
 * The line that runs a job. The directory and the files are set up by the launcher itself, so that
 * their failure cannot be taken for a status of the command: `__queuectl_s` then still says how far
 * it came. Descriptor 2 stays the launcher's own until the subshell, since it is where shells write
 * "Killed". User's variables go through `env`: assignments would change the shell itself for names
 * such as IFS, OPTIND, PPID or LINENO.
 */
function jobLine(job: LauncherJob): string {
  const { token, paths } = job;
  const stdin = job.hasInput ? shellQuote(paths.stdin) : "/dev/null";
  const command = `${startWords(job.env)} /bin/sh -c -- ${shellQuote(job.command)}`;
  return `__queuectl_s=directory;cd -- ${shellQuote(job.cwd)}&&__queuectl_s=spool&&` +
    `{ (${command} 2>&3 3>&-);__queuectl_s=$?;} ` +
    `<${stdin} >>${shellQuote(paths.stdout)} 3>>${shellQuote(paths.stderr)};` +
    `__queuectl_report ${token} "$__queuectl_s"\n`;
}

/** `A=1 B=2 exec`, and `env` only where it is needed: it costs an exec more. */
function startWords(env: Readonly<Record<string, string>>): string {
  let own = "";
  let users = "";
  for (const [name, value] of Object.entries(env)) {
    if (OWN_VARIABLE.test(name)) own += `${name}=${shellQuote(value)} `;
    else users += ` ${shellQuote(`${name}=${value}`)}`;
  }
  return users === "" ? `${own}exec` : `${own}exec ${ENV}${users}`;
}

/** A status is a number, or the word that says which step of the set-up failed. */
function attemptResult(status: string, cwd: string): AttemptResult {
  if (status === "directory") return { kind: "not_started", error: directoryError(cwd) };
  if (status === "spool") {
    return { kind: "not_begun", error: "The files for the command's output cannot be opened" };
  }
  return { kind: "exit", code: Number(status) };
}

function directoryError(cwd: string): string {
  try {
    return Deno.statSync(cwd).isDirectory
      ? `no permission to enter working directory ${cwd}`
      : `working directory ${cwd} is not a directory`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `working directory ${cwd} does not exist`;
    if (error instanceof Deno.errors.NotADirectory) {
      return `working directory ${cwd} is not a directory`;
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      return `no permission to enter working directory ${cwd}`;
    }
    return `working directory ${cwd} cannot be entered`;
  }
}

/**
 * A worker that was started by `nohup`, or as `worker start &` in a script, ignores signals, and so
 * would its children, since a shell cannot reset what it ignores from its start on. GNU's `env` can;
 * where it is another `env`, they stay ignored.
 */
async function launcherWords(
  shell: readonly [string, ...string[]],
): Promise<readonly [string, ...string[]]> {
  // The last argument shows in `ps` what this shell is for.
  const words = [...shell, "-s", "queuectl-launcher"] as const;
  if (!ignoresSignals(CHECKED)) return words;
  const reset = `--default-signal=${[...TRAPPED, "CHLD"].join(",")}`;
  const { success } = await new Deno.Command(ENV, {
    args: [reset, "true"],
    stdout: "null",
    stderr: "null",
  }).output().catch(() => ({ success: false }));
  return success ? [ENV, reset, ...words] : words;
}

/** Without the variables of an outer job: its token would mark this worker's commands as its own. */
function cleanEnvironment(): { clearEnv?: boolean; env?: Record<string, string> } {
  const all = Object.entries(Deno.env.toObject());
  const kept = all.filter(([name]) => !name.startsWith("QUEUECTL_"));
  return kept.length === all.length ? {} : { clearEnv: true, env: Object.fromEntries(kept) };
}
