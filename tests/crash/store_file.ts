/**
 * What a flow's store and its spool tell past queuectl.
 *
 * @module
 */

import type { Stage } from "../flows/stage.ts";

/** How often the heart of a worker has beaten; null if the store does not know the worker. */
export async function heartbeatOf(stage: Stage, pid: number): Promise<number | null> {
  const [row] = await stage.ask("SELECT heartbeat FROM worker WHERE pid = ?", pid);
  return row === undefined ? null : Number(row.heartbeat);
}

/** The idle launchers of a flow, by pid. */
export function launchersOf(stage: Stage): number[] {
  return [...stage.processes()].filter(([, line]) => line.includes("queuectl-launcher"))
    .map(([pid]) => pid);
}

/** The paths of the files in which launchers leave the status of their last command. */
export function statusFiles(stage: Stage): string[] {
  return [...Deno.readDirSync(stage.directory)].map(({ name }) => `${stage.directory}/${name}`)
    .filter((path) => path.endsWith(".status"));
}

/** Whether a launcher has written that a command ended with this status. */
export function hasStatus(stage: Stage, status: number): boolean {
  return statusFiles(stage).some((path) =>
    Deno.readTextFileSync(path).split("\n")[0]!.endsWith(` ${status}`)
  );
}
