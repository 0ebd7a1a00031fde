/**
 * `worker start --detach`: the same program again, in the background.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import type { WorkerInfo } from "../store/workers.ts";
import { processRef } from "../worker/host.ts";
import type { WorkerOptions } from "../worker/worker_options.ts";
import { formatListenAddress, type ListenAddress } from "../web/listen_address.ts";
import type { Context } from "./context.ts";
import { ownCommand } from "./own_command.ts";
import { Pause } from "../pause.ts";
import { countOf } from "../numbers.ts";

/**
 * Starts a worker in a session of its own, with a log beside the store, and returns when it is ready.
 *
 * @param listen where it answers those who watch it; null: nowhere
 * @returns the exit code
 */
export async function detachWorker(
  store: Store,
  options: WorkerOptions,
  listen: ListenAddress | null,
  context: Context,
): Promise<number> {
  const log = makeLog(store.directory);
  const child = new Deno.Command("/bin/sh", {
    // Deno cannot give a child a file for its output, a shell can; exec keeps the pid.
    args: [
      "-c",
      'exec "$@" </dev/null >>"$0" 2>&1',
      log,
      ...ownCommand(),
      ...words(store, options, listen, context),
    ],
    ...store.isShared ? { env: { QUEUECTL_DB: store.address } } : {},
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: true,
  }).spawn();
  child.unref();
  let ended: Deno.CommandStatus | null = null;
  child.status.then((status) => ended = status);
  const pause = new Pause();
  while (true) {
    const worker = (await store.workers()).find((worker) =>
      worker.process.pid === child.pid && worker.hostIdentity === options.host.identity &&
      worker.process.startTime === processRef(child.pid)?.startTime
    );
    if (worker) return await announce(worker, log, listen, context);
    // Read after the store, so that a worker that ended at once has been seen if it was ever there.
    const status = ended as Deno.CommandStatus | null;
    if (status) return await reportEnd(status, log, options);
    await pause.wait();
  }
}

/** The command line of the worker, with what is resolved already. */
function words(
  store: Store,
  options: WorkerOptions,
  listen: ListenAddress | null,
  context: Context,
): string[] {
  const { slots, threads, queues, drainWait, singleton, shutdownGrace, name } = options;
  return [
    "worker",
    "start",
    // Everybody sees the words of a command, and a URL may have a password in it.
    ...store.isShared ? [] : ["--db", store.address],
    ...["--log-level", context.logLevel, "--log-format", context.logFormat],
    ...["--count", String(slots), "--threads", String(threads)],
    ...queues === null ? [] : ["--queue", queues.join(",")],
    ...drainWait === null ? [] : ["--drain", "--drain-wait", `${drainWait}ms`],
    ...singleton ? ["--singleton"] : [],
    ...shutdownGrace === null ? [] : ["--grace", `${shutdownGrace}ms`],
    ...name === null ? [] : ["--name", name],
    ...listen === null ? [] : ["--listen", formatListenAddress(listen)],
  ];
}

function makeLog(directory: string): string {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const path = `${directory}/worker-${time}-${Deno.pid}.log`;
  Deno.openSync(path, { createNew: true, write: true, mode: 0o600 }).close();
  return path;
}

async function announce(
  worker: WorkerInfo,
  log: string,
  listen: ListenAddress | null,
  context: Context,
): Promise<number> {
  const { json, stdout, stderr } = context;
  const url = listen && `http://${formatListenAddress(listen)}`;
  if (json) {
    const { id, process: { pid }, slots } = worker;
    await stdout.json({ id, pid, slots, log, ...url === null ? {} : { url } });
  } else {
    await stdout.line(worker.id);
    await stderr.line(
      `Started with ${countOf(worker.slots, "slot")}, pid ${worker.process.pid}, log ${log}`,
    );
    if (url !== null) await stderr.line(`To watch it: ${url}/metrics, /healthz and /readyz`);
    await stderr.line("To see it: queuectl status · to stop it: queuectl worker stop");
  }
  return 0;
}

/** An end with code 0 is a drained store, or another worker that serves it. */
async function reportEnd(
  status: Deno.CommandStatus,
  log: string,
  options: WorkerOptions,
): Promise<number> {
  if (status.code === 0 && (options.singleton || options.drainWait !== null)) return 0;
  const said = (await Deno.readTextFile(log)).trim().split("\n").at(-1);
  throw new StoreError(`The worker ended with code ${status.code}: ${said || `see ${log}`}`);
}
