/**
 * The moments at which the kill campaign kills, and what it kills.
 *
 * @module
 */

import { readEnding } from "../../../src/worker/ending.ts";
import {
  isAlive,
  listProcesses,
  type ProcessInfo,
  processInfo,
  signal,
} from "../../../src/worker/host.ts";
import type { ProcessRef } from "../../../src/worker/protocol.ts";
import { killIfThere, type Stage } from "../../flows/stage.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { Random } from "../random.ts";
import type { Crowd } from "./crowd.ts";
import { parseEntry } from "./jobs.ts";
import type { Ledger } from "./ledger.ts";

/** What a killer has in hand. */
export interface Scene {
  readonly stage: Stage;
  readonly random: Random;
  readonly crowd: Crowd;
  readonly ledger: Ledger;
  /** Jobs whose command the campaign itself has killed: they may fail with 137. */
  readonly touched: Set<string>;
  /** Attempts (`job attempt`) that a note beside the spool had ended when their worker was killed. */
  readonly salvageable: Set<string>;
}

/** Kills something at its moment; false if that did not come. */
export type Strike = (scene: Scene) => Promise<boolean>;

/** A moment lasts about a millisecond and comes with every tick: so often is it looked for. */
const TRIES = 300;

/** Every moment, by its name in the summary. The first time, all of them come in this order. */
export const MOMENTS: Readonly<Record<string, Strike>> = {
  anyTime: async (scene) => {
    await pause(scene.random.between(0, 400));
    return signal(await scene.crowd.any(), "SIGKILL") === "sent";
  },
  tick: (scene) => {
    const isThere = ({ pid }: ProcessRef) => scene.stage.isWriting(pid);
    return killWhere(scene, isThere, { comes: isThere });
  },
  claimed: (scene) => killWhere(scene, (worker) => hasUnbegun(scene, worker)),
  begun: killAtBegin,
  ended: (scene) => killWhere(scene, (worker) => noteEnded(scene, worker)),
  shutdown: killInShutdown,
  handBack: killInHandBack,
  starting: async (scene) => {
    const victim = await scene.crowd.any();
    const { started } = scene.crowd;
    signal(victim, "SIGKILL");
    await waitFor(() => scene.crowd.started > started, {
      timeout: 60_000,
      message: "the start of a worker in place of one that was killed",
    });
    await pause(scene.random.between(100, 700));
    return killNewest(scene);
  },
  launcher: (scene) => killLauncher(scene, (pid) => killIfThere(pid)),
  group: (scene) => killLauncher(scene, (pid) => killGroup(scene, pid)),
  everything: killEverything,
};

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** So long a worker is watched before it is stopped, milliseconds; this process does nothing else. */
const WATCH = 10;

/**
 * Stops a worker again and again, and kills it as soon as it stands where it should.
 *
 * @param options `comes`: a worker is stopped when this is true, or after a short while; `victim`: it is
 * to be this worker
 */
async function killWhere(
  { crowd, random }: Scene,
  isThere: (worker: ProcessRef) => Promise<boolean>,
  { comes = () => Promise.resolve(true), victim }: {
    readonly comes?: (worker: ProcessRef) => Promise<boolean>;
    readonly victim?: ProcessRef;
  } = {},
): Promise<boolean> {
  let worker = victim ?? await crowd.any();
  for (let tries = 0; tries < TRIES; tries++) {
    if (tries % 50 === 49) worker = victim ?? await crowd.any();
    for (const end = performance.now() + WATCH; performance.now() < end;) {
      if (await comes(worker)) break;
    }
    if (signal(worker, "SIGSTOP") === "gone") {
      if (victim !== undefined) return false;
      worker = await crowd.any();
      continue;
    }
    try {
      while (processInfo(worker.pid)?.stopped === false && isAlive(worker));
      if (await isThere(worker)) return signal(worker, "SIGKILL") === "sent";
    } finally {
      signal(worker, "SIGCONT");
    }
    await pause(random.between(0, 4));
  }
  return false;
}

const RUNNING = `SELECT job.id, token, attempt, launcher_pid, launcher_start FROM job
  JOIN attempt ON attempt.job = job.seq AND attempt.attempt = job.runs
  JOIN worker ON worker.id = job.worker_id
  WHERE job.state = 'processing' AND worker.pid = ? AND worker.process_start = ?`;

async function runningOf({ ledger }: Scene, { pid, startTime }: ProcessRef) {
  try {
    return await ledger.ask(RUNNING, pid, startTime);
  } catch {
    // The worker stands where nobody else may read.
    return [];
  }
}

/** Whether the store has a claim of the worker of which its executor has made nothing yet. */
async function hasUnbegun(scene: Scene, worker: ProcessRef): Promise<boolean> {
  return (await runningOf(scene, worker)).some(({ token }) =>
    !exists(`${scene.stage.directory}/${token}.out`)
  );
}

/** Whether an attempt of the worker has ended as its launcher knows, and the store does not. */
async function noteEnded(scene: Scene, worker: ProcessRef): Promise<boolean> {
  const ended = (await runningOf(scene, worker)).filter(
    ({ token, launcher_pid, launcher_start }) => {
      const status = `${scene.stage.directory}/launcher-${launcher_pid}-${launcher_start}.status`;
      return exists(status) && Deno.readTextFileSync(status).startsWith(`${token} `);
    },
  );
  for (const { id, attempt } of ended) scene.salvageable.add(`${id} ${attempt}`);
  return ended.length > 0;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Right after a job's first line: the command runs, and its worker may not know yet. */
async function killAtBegin({ stage }: Scene): Promise<boolean> {
  const path = stage.join("diary");
  const { size } = Deno.statSync(path);
  using diary = Deno.openSync(path);
  const line = await waitFor(() => {
    if (Deno.statSync(path).size === size) return null;
    diary.seekSync(size, Deno.SeekMode.Start);
    const bytes = new Uint8Array(4096);
    const text = new TextDecoder().decode(bytes.subarray(0, diary.readSync(bytes) ?? 0));
    return text.split("\n").slice(0, -1).findLast((line) => line.startsWith("begin "));
  }, { timeout: 60_000, interval: 1, message: "a job's begin" });
  const launcher = processInfo(parseEntry(line).launcher);
  const worker = launcher === null ? null : processInfo(launcher.parent);
  return worker !== null && worker.pid !== 1 && signal(worker, "SIGKILL") === "sent";
}

/** Asked to hand back, and killed while it ends a command: as its note says, that counts as handed back. */
async function killInHandBack(scene: Scene): Promise<boolean> {
  const victim = await scene.crowd.any();
  signal(victim, "SIGTERM");
  await pause(scene.random.between(0, 50));
  signal(victim, "SIGTERM");
  const isThere = async (worker: ProcessRef) => {
    const ended = (await runningOf(scene, worker)).filter(({ token }) =>
      readEnding(scene.stage.directory, String(token))?.reason === "hand_back"
    );
    for (const { id, attempt } of ended) scene.salvageable.add(`${id} ${attempt}`);
    return ended.length > 0;
  };
  return await killWhere(scene, isThere, { victim });
}

/** Asked to drain, or to hand back, and killed a moment later. */
async function killInShutdown({ crowd, random }: Scene): Promise<boolean> {
  const worker = await crowd.any();
  signal(worker, "SIGTERM");
  if (random.chance(0.5)) {
    await pause(random.between(0, 50));
    signal(worker, "SIGTERM");
  }
  await pause(random.between(0, 200));
  return signal(worker, "SIGKILL") === "sent";
}

function killNewest({ crowd }: Scene): boolean {
  const [newest] = crowd.workers.sort((a, b) => Number(b.startTime) - Number(a.startTime));
  return newest !== undefined && signal(newest, "SIGKILL") === "sent";
}

async function killLauncher(scene: Scene, kill: (pid: number) => void): Promise<boolean> {
  await pause(scene.random.between(0, 200));
  const worker = await scene.crowd.any();
  const launchers = [...listProcesses().values()].filter((process) =>
    process.alive && process.parent === worker.pid && process.group === process.pid
  );
  const launcher = scene.random.pick<ProcessInfo>(launchers);
  if (launcher === undefined) return false;
  kill(launcher.pid);
  return true;
}

/** A launcher and the command that it runs. */
function killGroup({ touched }: Scene, pid: number): void {
  for (const process of listProcesses().values()) {
    if (process.group === pid) touch(process.pid, touched);
  }
  killIfThere(-pid);
}

/** All workers, commands, launchers and jobs of the campaign, as a power cut would end them. */
async function killEverything({ stage, touched, crowd }: Scene): Promise<boolean> {
  // While none is started, there may be none to wait for.
  await crowd.any();
  using _cut = crowd.pause();
  let killed = 0;
  for (let all = stage.processes(); all.size > 0; all = stage.processes()) {
    for (const pid of all.keys()) touch(pid, touched);
    for (const pid of all.keys()) killIfThere(pid);
    killed += all.size;
  }
  return killed > 0;
}

/** Notes to which job a process belongs. */
function touch(pid: number, touched: Set<string>): void {
  try {
    const id = /\0QUEUECTL_JOB_ID=([^\0]*)/.exec(Deno.readTextFileSync(`/proc/${pid}/environ`));
    if (id) touched.add(id[1]!);
  } catch {
    // It has ended.
  }
}
