/**
 * What workers that were killed have left behind: files, sockets, processes.
 *
 * @module
 */

import { type Check, type Finding, warning } from "../store/examination.ts";
import type { RunningAttempt } from "../store/tick.ts";
import { environmentToken, environmentVariable, listProcesses } from "../worker/host.ts";
import { quoteWords } from "../worker/quote.ts";
import { leftovers } from "../worker/sweep.ts";
import { confirmed, isDirectory, queuectl, type Ward } from "./ward.ts";

/** So many names stand in a command at the most. */
const MAX_NAMED = 50;

/** Files of the spool that belong to nobody. */
export async function spoolCheck(ward: Ward): Promise<Check> {
  const found = await confirmed(async () => {
    const paths = isDirectory(ward.store.directory) ? await leftovers(ward.store, ward.host) : [];
    const inUse = (await runningAttempts(ward)).flatMap(({ token, launcher }) => [
      `/${token}.`,
      `/launcher-${launcher.pid}-${launcher.startTime}.`,
    ]);
    return new Map(
      paths.filter((path) => !inUse.some((name) => path.includes(name)))
        .map((path) => [path, sizeOf(path)]),
    );
  });
  const bytes = [...found.values()].reduce((sum, size) => sum + size, 0);
  const findings: Finding[] = found.size === 0 ? [] : [warning(
    `Files that belong to no attempt that runs: ${found.size} (${bytes} bytes)`,
    removal([...found.keys()], ward),
  )];
  return { name: "spool", text: "Every file belongs to an attempt that runs", findings };
}

function removal(paths: readonly string[], ward: Ward): string {
  return paths.length > MAX_NAMED
    ? `The next worker removes them: ${queuectl(ward, "worker", "start", "--drain")}`
    : `To remove them: ${quoteWords(["rm", "-f", ...paths])}`;
}

/** Doorbells at which nobody listens. */
export async function socketsCheck(ward: Ward): Promise<Check> {
  const { store } = ward;
  const found = await confirmed(async () => {
    const sockets = isDirectory(store.directory)
      ? [...Deno.readDirSync(store.directory)].map(({ name }) => name)
        .filter((name) => name.endsWith(".sock"))
      : [];
    const workers = await store.workers();
    const known = new Set(workers.map(({ id }) => `${encodeURIComponent(id)}.sock`));
    return new Map(
      sockets.filter((name) => !known.has(name))
        .map((name) => [`${store.directory}/${name}`, 0]),
    );
  });
  const findings = found.size === 0 ? [] : [
    warning(`Sockets that belong to no worker: ${found.size}`, removal([...found.keys()], ward)),
  ];
  return { name: "sockets", text: "Every socket belongs to a worker", findings };
}

/** Processes of attempts that have ended. Jobs may leave some, so that need not be wrong. */
export async function processesCheck(ward: Ward): Promise<Check> {
  const found = await confirmed(async () => {
    const marked = markedProcesses(ward.store.address);
    const running = new Set((await runningAttempts(ward)).map(({ token }) => token));
    return new Map([...marked].filter(([, { token }]) => !running.has(token)));
  });
  const pids = [...found.values()].map(({ pid }) => String(pid));
  const jobs = [...new Set([...found.values()].map(({ job }) => job))].slice(0, MAX_NAMED);
  const findings = found.size === 0 ? [] : [warning(
    `Processes left by attempts that have ended: ${pids.slice(0, MAX_NAMED).join(", ")} ` +
      `(of ${jobs.join(", ")}); a job may leave some on purpose`,
    `To end them, if they are not wanted: ${quoteWords(["kill", ...pids])}`,
  )];
  return { name: "processes", text: "No process is left of an attempt that has ended", findings };
}

interface Marked {
  readonly pid: number;
  readonly token: string;
  readonly job: string;
}

/** Living processes that carry an attempt of this store, by pid and start time. */
function markedProcesses(address: string): Map<string, Marked> {
  const marked = new Map<string, Marked>();
  for (const { pid, startTime, alive, kernel } of listProcesses().values()) {
    const token = alive && !kernel && pid !== Deno.pid ? environmentToken(pid) : null;
    if (typeof token !== "string") continue;
    if (environmentVariable(pid, "QUEUECTL_DB") !== address) continue;
    const job = environmentVariable(pid, "QUEUECTL_JOB_ID") ?? "a job";
    marked.set(`${pid} ${startTime}`, { pid, token, job });
  }
  return marked;
}

/** Also those of jobs whose worker the store does not know: it is for a rescuer to end them. */
async function runningAttempts({ store }: Ward): Promise<readonly RunningAttempt[]> {
  const jobs = await store.jobs({ states: ["processing"] });
  const workers = new Set([
    ...(await store.workers()).map(({ id }) => id),
    ...jobs.map(({ workerId }) => workerId).filter((id) => id !== null),
  ]);
  return (await Promise.all([...workers].map((id) => store.attemptsOf(id)))).flat();
}

function sizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}
