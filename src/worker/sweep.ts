/**
 * Files beside the store that nobody will ask for: of attempts that were settled a moment before their
 * worker ended or was killed, and of launchers without a job. No rescue knows of them.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import { type Host, isAlive } from "./host.ts";
import type { ProcessRef } from "./protocol.ts";
import { removeIfThere } from "./spool.ts";

/** As `launcher.ts` names the file for a status. */
const STATUS = /^launcher-(\d+)-(\d+)\.status$/;
/** As `spool.ts` names the files of an attempt. */
const SPOOL = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(?:out|err|in|end)$/;

/**
 * Removes the files that belong to no attempt that runs and to no process that lives, as far as that is possible:
 * what stays is for the next worker.
 */
export async function sweep(store: Store, host: Host): Promise<void> {
  try {
    for (const path of await leftovers(store, host)) removeIfThere(path);
  } catch {
    // The store is away, or the files are not ours to remove.
  }
}

/**
 * The paths of the files that belong to no attempt that runs and to no process that lives; none if that
 * cannot be seen from this host.
 *
 * They are listed before the store is asked: an attempt is in the store before its files are made, so
 * whatever is not there by then has been settled.
 *
 * @throws {StoreError} if the store cannot be used
 */
export async function leftovers(
  store: Pick<Store, "directory" | "isShared" | "workers" | "attemptsOf">,
  host: Host,
): Promise<string[]> {
  const names = [...Deno.readDirSync(store.directory)].map(({ name }) => name).filter(isCandidate);
  if (names.length === 0) return [];
  const workers = await store.workers();
  // Whether the processes of another pid namespace live cannot be seen from here. The files of other machines
  // are not here; and should a container share this directory, a launcher makes the file for its status again.
  const isElsewhere = workers.some(({ hostIdentity }) => hostIdentity !== host.identity);
  if (isElsewhere && !store.isShared) return [];
  const attempts = (await Promise.all(workers.map(({ id }) => store.attemptsOf(id)))).flat();
  const tokens = new Set(attempts.map(({ token }) => token));
  const statuses = new Set(attempts.map(({ launcher }) => statusName(launcher)));
  return names.filter((name) => {
    const token = SPOOL.exec(name)?.[1];
    return !(token === undefined ? statuses.has(name) : tokens.has(token));
  }).map((name) => `${store.directory}/${name}`);
}

function isCandidate(name: string): boolean {
  const [, pid, startTime] = STATUS.exec(name) ?? [];
  if (pid === undefined || startTime === undefined) return SPOOL.test(name);
  return !isAlive({ pid: Number(pid), startTime });
}

function statusName({ pid, startTime }: ProcessRef): string {
  return `launcher-${pid}-${startTime}.status`;
}
