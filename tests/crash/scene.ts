/**
 * What the crash tests share: jobs that write down when they begin and end, and the rules that their
 * diary has to obey whatever was killed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { processInfo } from "../../src/worker/host.ts";
import { findProcesses, type Stage } from "../flows/stage.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A line of the diary. */
export interface Entry {
  readonly what: "begin" | "end";
  readonly id: string;
  /** The attempt's number in this life of the job. */
  readonly attempt: number;
  /** Nanoseconds since the epoch. */
  readonly time: bigint;
}

/** Shell text that writes to the diary before and after `body`. */
export function diaryJob(body: string): string {
  const note = (what: string) =>
    `echo "${what} $QUEUECTL_JOB_ID $QUEUECTL_ATTEMPT $(date +%s%N)" >> diary`;
  return `${note("begin")}; ${body}; ${note("end")}`;
}

/** What the diary says, in the order of writing. */
export function readDiary(stage: Stage): Entry[] {
  return stage.lines("diary").map((line) => {
    const [what, id, attempt, time] = line.split(" ");
    return { what: what as Entry["what"], id: id!, attempt: Number(attempt), time: BigInt(time!) };
  });
}

/**
 * No attempt of a job ran while another one did: nothing of an attempt is written after the next one
 * has begun, by the order of lines and by the clock.
 */
export function assertNeverTwice(diary: readonly Entry[]): void {
  for (const id of new Set(diary.map((entry) => entry.id))) {
    const own = diary.filter((entry) => entry.id === id);
    const shown = own.map(({ what, attempt, time }) => `${what} ${attempt} ${time}`).join("\n");
    for (const [index, entry] of own.entries()) {
      const before = own[index - 1];
      if (before === undefined) continue;
      assert.ok(before.time <= entry.time, `${id}:\n${shown}`);
      const follows = entry.what === "end"
        ? before.what === "begin" && before.attempt === entry.attempt
        : entry.attempt > before.attempt;
      assert.ok(follows, `${id}:\n${shown}`);
    }
  }
}

/** The living processes of a job that carry its mark. */
export function processesOf(stage: Stage, id: string): Map<number, string> {
  return findProcesses((environment) =>
    environment.includes(`QUEUECTL_JOB_ID=${id}`) && stage.owns(environment)
  );
}

/** Shell text that fails, with names, if any of the pids in the file `lost` still lives. */
export const REFUSE_IF_LOST_LIVE = "for pid in $(cat lost 2>/dev/null); do " +
  'if grep -qs "^State:[[:space:]]*[^ZX[:space:]]" /proc/$pid/status; ' +
  'then echo "$pid lives: $(tr "\\0" " " < /proc/$pid/cmdline)" >> violations; fi; done';

/** Stops a process, wherever it is. */
export async function halt(pid: number): Promise<void> {
  Deno.kill(pid, "SIGSTOP");
  await waitFor(() => processInfo(pid)?.stopped === true, { interval: 1 });
}

/** Stops a worker while it waits its turn, so that the others go on; see {@link haltInTransaction}. */
export async function haltWorker(stage: Stage, pid: number): Promise<void> {
  await using _turn = await stage.takeTurn();
  await halt(pid);
}

/**
 * Stops a worker in the middle of a transaction: nobody else can write to the store from then on. Its
 * doorbell is rung, so that it has nothing else to do, and it goes on in small steps until it is there.
 */
export async function haltInTransaction(stage: Stage, pid: number): Promise<void> {
  const [worker] = await stage.ask("SELECT id FROM worker WHERE pid = ?", pid);
  await waitFor(async () => {
    await halt(pid);
    if (await stage.isWriting(pid)) return true;
    await stage.ring(String(worker!.id));
    Deno.kill(pid, "SIGCONT");
    return false;
  }, { interval: 0, timeout: 30_000, message: "a worker in a transaction" });
}
