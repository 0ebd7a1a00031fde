/**
 * Copies of a store in use: all its processes stand still while it is copied.
 *
 * @module
 */

import type { Stage } from "../../flows/stage.ts";
import { processInfo } from "../../../src/worker/host.ts";
import { sleep } from "../../../src/worker/sleep.ts";
import type { Image } from "./disk.ts";
import { STORE } from "./script.ts";
import { type Seen, seenIn } from "./verdict.ts";

/** What is there in one moment. */
export interface Live {
  readonly image: Image;
  readonly seen: Seen;
}

/** A process that is about to stop does so within this time, milliseconds. */
const PATIENCE = 500;

/**
 * Stops all processes of a stage, reads what they have written, and lets them go on.
 *
 * @returns null if they cannot be stopped now: one that waits for its child to `exec` does not stop, and
 * if the child has stopped before, neither goes on
 */
export async function copyLive(stage: Stage): Promise<Live | null> {
  const stopped = new Set<number>();
  try {
    if (!await stopAll(stage, stopped)) return null;
    const image = new Map<string, Uint8Array>();
    for (const end of ["", "-wal", "-journal"]) {
      const path = stage.join(STORE + end);
      const bytes = readIfThere(path);
      if (bytes !== null) image.set(path, bytes);
    }
    return { image, seen: seenIn((name) => stage.read(name)) };
  } finally {
    for (const pid of stopped) signal(pid, "SIGCONT");
  }
}

/** Until none is left that runs: one that is about to stop may start another. */
async function stopAll(stage: Stage, stopped: Set<number>): Promise<boolean> {
  const deadline = performance.now() + PATIENCE;
  while (performance.now() < deadline) {
    const running = [...stage.processes().keys()]
      .filter((pid) => processInfo(pid)?.stopped === false);
    if (running.length === 0) return true;
    for (const pid of running) {
      signal(pid, "SIGSTOP");
      stopped.add(pid);
    }
    await sleep(1);
  }
  return false;
}

function signal(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function readIfThere(path: string): Uint8Array | null {
  try {
    return Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
