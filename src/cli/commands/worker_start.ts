/**
 * `queuectl worker start`
 *
 * @module
 */

import { resolveConfig } from "../../config.ts";
import { formatDuration } from "../../job/duration.ts";
import { Events } from "../../observe/events.ts";
import type { Store } from "../../store/store.ts";
import { currentHost, ignoresSignals } from "../../worker/host.ts";
import { dropOuterAttempt } from "../../worker/outer_attempt.ts";
import { makeOwnDirectory } from "../../worker/own_directory.ts";
import { Supervisor } from "../../worker/supervisor.ts";
import { defaultThreads, MAX_THREADS, type WorkerOptions } from "../../worker/worker_options.ts";
import { type ListenAddress, readListenAddress } from "../../web/listen_address.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import type { Context } from "../context.ts";
import { detachWorker } from "../detach.ts";
import { showDraining } from "../drain_bar.ts";
import * as flag from "../flags.ts";
import { readQueue } from "../job_flags.ts";
import { reserveAddress, watchWorker } from "../listen.ts";
import { startTracing } from "../tracing.ts";
import { reportEvents } from "../worker_events.ts";

/** A worker that drains waits for what is due within so long, in milliseconds, if not told otherwise. */
const DRAIN_WAIT = 60_000;

/** Runs a worker. */
export const command = defineCommand({
  description: [
    "It runs in the foreground. Ctrl-C (SIGINT or SIGTERM) lets it finish what runs; a second one ends " +
    "the running jobs and hands them back, a third does not wait for them.",
    "Any number of workers can share a store, and one that dies loses nothing: the next one ends what " +
    "is left of it and runs its jobs again.",
    "With --listen it answers /healthz (it lives), /readyz (it claims jobs) and /metrics (for Prometheus). " +
    "Others than this machine are let in only where QUEUECTL_DASHBOARD_TOKEN is set; /metrics then needs " +
    "it as Authorization: Bearer TOKEN. With OTEL_DENO=true each attempt is a span, sent where " +
    "OTEL_EXPORTER_OTLP_ENDPOINT says.",
  ],
  flags: {
    count: flag.integer({
      summary: "Slots: so many jobs at once",
      short: "c",
      min: 1,
      max: 1024,
      placeholder: "N",
      defaultText: "config worker_count",
      aliases: ["slots", "concurrency", "workers"],
    }),
    queue: flag.list(readQueue, {
      summary: "Serve only these queues",
      complete: "queue",
      short: "q",
      placeholder: "QUEUE,…",
      aliases: ["queues"],
    }),
    drain: flag.boolean({ summary: "End when no job is left to run" }),
    drainWait: flag.duration({
      summary: "With --drain, wait for jobs that are due within so long",
      defaultText: formatDuration(DRAIN_WAIT),
    }),
    singleton: flag.boolean({
      summary: "End at once if a worker of this host serves the same queues",
    }),
    detach: flag.boolean({ summary: "Go on in the background", short: "d" }),
    threads: flag.integer({
      summary: "Threads that start and watch the jobs",
      min: 1,
      max: MAX_THREADS,
      placeholder: "T",
      defaultText: "one for each 32 slots, and no more than cores",
    }),
    grace: flag.duration({
      summary: "When stopped, end the jobs that still run after so long",
      defaultText: "config shutdown_grace",
    }),
    listen: flag.value(readListenAddress, {
      summary: "Answer /healthz, /readyz and /metrics at this address",
      placeholder: "HOST:PORT",
    }),
    name: flag.value(readName, { summary: "Begin the worker's id with this", placeholder: "NAME" }),
  },
  args: {},
  examples: [
    ["queuectl worker start --count 4", "Run up to four jobs at once"],
    ["queuectl worker start --count 4 --detach", "The same in the background"],
    ["queuectl worker start --drain --singleton", "From cron: run what is there, then end"],
    ["queuectl worker start --listen 127.0.0.1:9464", "Let Prometheus watch it"],
  ],
  async run(context, { flags }) {
    if (flags.drainWait !== undefined && !flags.drain) {
      throw new CommandLineError("--drain-wait goes with --drain");
    }
    // A worker can neither be in a directory that is gone nor in one whose name is not text.
    void context.cwd;
    // Before the store is opened, which may make it.
    const { singleton, listen = null } = flags;
    const reserved = listen && await reserveAddress({ address: listen, singleton }, context);
    await using store = await context.openStore({ create: true });
    if (store.isShared) makeOwnDirectory(store.directory);
    const { env: get } = context;
    const insideJob = dropOuterAttempt(store.address, {
      get,
      delete: (name) => Deno.env.delete(name),
    });
    const config = resolveConfig(await store.settings());
    const slots = flags.count ?? config.workerCount;
    const options: WorkerOptions = {
      name: flags.name ?? null,
      host: currentHost(),
      slots,
      threads: flags.threads ?? defaultThreads(slots, navigator.hardwareConcurrency),
      queues: flags.queue.length === 0 ? null : [...new Set(flags.queue)],
      drainWait: flags.drain ? flags.drainWait ?? DRAIN_WAIT : null,
      singleton,
      insideJob,
      shutdownGrace: flags.grace ?? config.shutdownGrace,
      config,
    };
    if (flags.detach) return await detachWorker(store, options, reserved, context);
    return await work(store, options, listen, context);
  },
});

async function work(
  store: Store,
  options: WorkerOptions,
  listen: ListenAddress | null,
  context: Context,
): Promise<number> {
  const events = new Events();
  using _report = await reportEvents(events, context);
  await using _bar = showDraining(store, events, options, context);
  await using traces = await startTracing(events, () => supervisor.self.id, context);
  const supervisor = new Supervisor(store, events, {
    ...options,
    tracing: traces?.tracing ?? null,
  });
  await using _watch = listen === null ? null : await watchWorker(
    { store, events, self: () => supervisor.self, lease: options.config.lease },
    { address: listen, singleton: options.singleton },
    context,
  );
  using _signals = stopOnSignals(supervisor);
  await supervisor.run();
  return 0;
}

/** A signal drains; one to a worker that ends already, because of whatever, ends what runs. */
function stopOnSignals(supervisor: Supervisor): Disposable {
  const stop = () => supervisor.stop(supervisor.isStopping ? "now" : "drain");
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM"];
  // Under nohup the worker is to survive its terminal.
  if (!ignoresSignals([1])) signals.push("SIGHUP");
  for (const signal of signals) Deno.addSignalListener(signal, stop);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, stop);
    },
  };
}

function readName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/.test(text)) return text;
  throw new RangeError(
    "must begin with a letter or digit and hold at most 32 letters, digits and . _ -",
  );
}
