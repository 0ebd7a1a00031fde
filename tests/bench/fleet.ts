/**
 * `deno run -A --config tests/deno.json tests/bench/fleet.ts [--workers 200] [--processes 4] [--stores 1] [--queues 1]
 * [--json] [ADDRESS]`: what so many workers ask of a server when they start, while they are idle, when they are rung, and
 * when it comes back. The supervisors are real; what they run is not. Each process of them works on one of the
 * stores, which are schemas of one database, and on one of the queues, if there are several. Without an address it starts a
 * PostgreSQL server of its own, and only then can say what that does.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { newJob } from "../job/jobs.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { PostgresServer } from "../toolchain/postgres.ts";
import { REPOSITORY } from "../toolchain/folders.ts";
import { openStore } from "../../src/store/open.ts";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { COUNTS_STATEMENTS, demandDuring } from "./fleet/server_watch.ts";
import { cpuTimeOf } from "./resident.ts";

/** Milliseconds in which the idle fleet is watched, and for which it settles before. */
const IDLE = 10_000;
const SETTLING = 3000;
/** Milliseconds after a single job in which what follows from its ring is counted. */
const AFTER_RING = 2000;
/** Jobs that are enqueued at once, each of them a tenth of a second. */
const BURST = 2000;

const { values, positionals: [given] } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: "string", default: "200" },
    processes: { type: "string", default: "4" },
    slots: { type: "string", default: "4" },
    stores: { type: "string", default: "1" },
    queues: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const workers = Number(values.workers);
const processes = Number(values.processes);
/** What is given to which process: the first store or queue to the first, and so on, over and over. */
const parts = { stores: Number(values.stores), queues: Number(values.queues) };

/** One line of the report. */
type Line = Readonly<Record<string, string | number>>;
const lines: Line[] = [];

const later = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

/** Processes with workers; they are ended when this is disposed of. */
class Fleet implements AsyncDisposable {
  readonly #children: readonly Deno.ChildProcess[];

  constructor() {
    const args = ["run", "--quiet", "--allow-all", "--no-check", "--config"];
    const program = ["tests/deno.json", "tests/bench/programs/fleet.ts"];
    this.#children = Array.from({ length: processes }, (_, n) =>
      new Deno.Command(Deno.execPath(), {
        args: [
          ...[...args, ...program, addressOf(n % parts.stores), String(workers / processes)],
          ...parts.queues === 1
            ? [values.slots]
            : [values.slots, queueOf(Math.floor(n / parts.stores))],
        ],
        cwd: REPOSITORY,
        stdin: "piped",
        stdout: "piped",
      }).spawn());
  }

  /** The CPU time of all of them, milliseconds. */
  get cpuTime(): number {
    return this.#children.reduce((sum, { pid }) => sum + cpuTimeOf(pid), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#children.map(async (child) => {
      const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
      await child.stdin.close().catch(() => {});
      await child.stdout.cancel();
      await child.status;
      clearTimeout(timer);
    }));
  }
}

/** Of a store, counted from 0. */
function addressOf(store: number): string {
  const url = new URL(given ?? server!.url);
  if (given === undefined || parts.stores > 1) url.searchParams.set("schema", `fleet_${store}`);
  return url.href;
}

function queueOf(n: number): string {
  return parts.queues === 1 ? "default" : `queue-${n % parts.queues}`;
}

async function allWorkers(): Promise<readonly WorkerInfo[]> {
  return (await Promise.all(stores.map((store) => store.workers()))).flat();
}

async function all(): Promise<void> {
  await waitFor(async () => (await allWorkers()).length >= workers, {
    timeout: 120_000,
    interval: 200,
    message: `${workers} workers`,
  });
}

/** Every heart has beaten once more since this was called. */
async function beaten(): Promise<void> {
  const before = new Map((await allWorkers()).map(({ id, heartbeat }) => [id, heartbeat]));
  await waitFor(
    async () =>
      (await allWorkers()).every(({ id, heartbeat }) => heartbeat > (before.get(id) ?? -1)),
    { timeout: 60_000, interval: 200, message: "a beat of every heart" },
  );
}

async function completed(): Promise<number> {
  const states = await Promise.all(stores.map((store) => store.status()));
  return states.flatMap(({ queues }) => queues)
    .reduce((sum, { counts }) => sum + counts.completed, 0);
}

/** Spreads jobs over all stores and queues. */
async function enqueue(count: number, command: string): Promise<void> {
  const jobs = Array.from({ length: count }, (_, n) => {
    const queue = queueOf(Math.floor(n / parts.stores));
    return newJob(`${command}-${n}`, { command, queue });
  });
  const some = stores.map((_, store) => jobs.filter((_, n) => n % parts.stores === store));
  await Promise.all(stores.map((store, n) => store.enqueue(some[n]!)));
}

await using cleanUp = new AsyncDisposableStack();
const server = given === undefined
  ? cleanUp.use(
    await PostgresServer.run({
      isDurable: true,
      settings: { ...COUNTS_STATEMENTS, max_connections: String(8 * workers + 20) },
    }),
  )
  : null;
const stores = await Promise.all(
  Array.from({ length: parts.stores }, (_, n) => openStore(addressOf(n), { create: true })),
);
for (const store of stores) cleanUp.use(store);
let fleet: Fleet | null = null;

/** Notes what was asked of the server while something happened. */
async function note(what: string, happening: () => Promise<void>): Promise<void> {
  const cpuBefore = fleet?.cpuTime ?? 0;
  const begin = performance.now();
  const demand = server === null ? await happening() : await demandDuring(server, happening);
  const seconds = (performance.now() - begin) / 1000;
  const cpu = (fleet!.cpuTime - cpuBefore) / seconds / 10;
  const line = {
    what,
    "seconds": seconds.toFixed(2),
    ...demand && {
      "statements/s": Math.round(demand.statements),
      "transactions/s": Math.round(demand.transactions),
      "server, % of a core": demand.cpu.toFixed(1),
      "processes of the server": demand.processes,
    },
    "workers, % of a core": cpu.toFixed(1),
  };
  lines.push(line);
  if (!values.json) console.log(line);
}

await note("start", async () => {
  fleet = cleanUp.use(new Fleet());
  await all();
});
await later(SETTLING);
await note("idle", () => later(IDLE));
await note("one job", async () => {
  await enqueue(1, "sleep 0");
  await waitFor(async () => await completed() === 1);
  await later(AFTER_RING);
});
await note(`${BURST} jobs of 100 ms`, async () => {
  await enqueue(BURST, "sleep 0.1");
  await waitFor(async () => await completed() === BURST + 1, { timeout: 120_000 });
});
if (server !== null) {
  await later(SETTLING);
  await note("restart of the server", async () => {
    await server.restart("fast");
    await waitFor(() => beaten().then(() => true).catch(() => false), { timeout: 120_000 });
  });
  await later(SETTLING);
  await note("idle again", () => later(IDLE));
}
if (values.json) console.log(JSON.stringify(lines, null, 2));
