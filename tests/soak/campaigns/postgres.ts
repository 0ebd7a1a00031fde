/**
 * The campaign of the server: workers of several machines and clients are at work while the server, the network
 * and the machines fail in every way.
 *
 * @module
 */

import { canMount, tmpfs } from "../../crash/store_disk.ts";
import { findProcesses, killIfThere } from "../../flows/stage.ts";
import { Proxy } from "../../helpers/proxy.ts";
import { type TempDir, tempDir } from "../../helpers/temp_dir.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { PostgresServer } from "../../toolchain/postgres_server.ts";
import { PostgresSession } from "../../toolchain/postgres_session.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { type Duration, prepare } from "../kills/jobs.ts";
import { Ledger } from "../kills/ledger.ts";
import { audit } from "../kills/rules.ts";
import { Cable } from "../outages/cable.ts";
import { BATCH, Client } from "../outages/clients.ts";
import { answers, type FaultName, FAULTS, type Scene } from "../outages/faults.ts";
import { Machine } from "../outages/machine.ts";
import { Probe } from "../outages/probe.ts";
import { Random } from "../random.ts";

/** The sizes of a campaign. */
export interface OutageOptions {
  readonly seed: number;
  /** The faults in their order; without it they come at random for `seconds`. */
  readonly faults?: readonly FaultName[];
  readonly seconds?: number;
  /** Three if absent. */
  readonly machines?: number;
  /** Milliseconds after which a machine is lost. */
  readonly lease: number;
  /** The longest trouble, and the longest job, milliseconds; twice the lease if absent. */
  readonly longest?: number;
  readonly progress: (sentence: string) => void;
}

/** Jobs that may wait. */
const BACKLOG = 3 * BATCH;
/** The environment variable that marks the processes of a campaign. */
const MARK = "QT_STAGE";
/** The disk of the server: a fresh one takes up 90 MB, and an hour of jobs with their output 200 more. */
const DISK = "1g";

/** Some jobs run for longer than a machine may be cut off, so that they are lost. */
const durations = (longest: number): Duration => (random) =>
  random.chance(0.05) ? random.between(longest / 4, longest) : random.between(10, 500);

/** Lets things fail while jobs run, lets the rest run, and looks whether the rules held. */
export async function outageCampaign(dir: TempDir, options: OutageOptions): Promise<Findings> {
  const { seed, lease, longest = 2 * lease, progress } = options;
  const random = new Random(seed);
  await using stack = new AsyncDisposableStack();
  const home = dir.path;
  const mark = { [MARK]: home };
  const processes = () => findProcesses((env) => env.includes(`${MARK}=${home}`));
  const place = {
    damage: () => Promise.resolve([]),
    join: (...names: readonly string[]) => dir.join(...names),
    lines: (name: string) => linesOf(dir.join(name)),
    leftovers: () => machines.flatMap(({ files }) => spoolOf(files)),
  };
  let disk: string | null = null;
  const server = stack.use(
    await PostgresServer.run({
      settings: { max_wal_size: "64MB", min_wal_size: "32MB" },
      ...canMount ? { mount: (folder) => tmpfs(disk = folder, DISK) } : {},
    }),
  );
  await prepare(place);
  const url = server.url;
  const store = stack.use(await openStore(url, { create: true }));
  await store.configure("lease", `${lease}ms`);
  await store.configure("kill_grace", "300ms");
  const machines: Machine[] = [];
  for (const name of ["m0", "m1", "m2"].slice(0, options.machines)) {
    const cable = await Cable.lay();
    if (cable !== null) stack.use(cable);
    machines.push(stack.use(new Machine(name, { url, home, mark }, cable)));
  }
  // Also after a failure nothing is left.
  stack.defer(() => {
    for (const pid of processes().keys()) killIfThere(pid);
  });
  const networks = [stack.use(Proxy.before(url))];
  let waiting = 0;
  const clients = [url, networks[0]!.through(url)].map((url, index) =>
    new Client({
      ...{ name: `client${index}`, url, duration: durations(longest) },
      random: new Random(seed + 1 + index),
      // Until they are counted again.
      mayEnqueue: () => waiting < BACKLOG && (waiting += BATCH) > 0,
    })
  );
  const counting = setInterval(() => {
    store.count({ states: ["pending"] }).then((count) => waiting = count, () => {});
  }, 250);
  stack.defer(() => clearInterval(counting));
  const probe = new Probe(store);
  const scene: Scene = { server, random, machines, networks, lease, longest, disk, probe };
  const faults: string[] = [];
  const note = (error: unknown) => void faults.push(`seed ${seed}: ${error}`);
  await probe.all(machines).catch(note);
  const played = await play(
    scene,
    options,
    (name, error) => note(`${name}: ${error}`),
    async (name) => {
      await answers(scene);
      const took = await probe.all(machines);
      progress(`${name}: over, and all machines work after ${took} ms`);
      return took;
    },
  );
  for (const client of clients) await client.close();
  progress("the rest runs");
  clearInterval(counting);
  let left: readonly unknown[] = [];
  await using ledger = await Ledger.open({
    reader: () => PostgresSession.open(url, "queuectl"),
  });
  await waitFor(async () => (left = await ledger.unfinished()).length === 0, {
    timeout: 300_000,
    interval: 200,
    message: () => `the end of ${left.length} jobs: ${JSON.stringify(left.slice(0, 5))}`,
  }).catch(note);
  await Promise.all(machines.map((machine) => machine.close()));
  await waitFor(() => processes().size === 0, {
    timeout: 2 * lease + 10_000,
    message: () => `the end of all processes: ${[...processes().values()]}`,
  }).catch(note);
  progress("nothing runs any more");
  await ledger.ask("CREATE INDEX ON attempt (launcher_pid)");
  const found = await audit(place, ledger, {
    printed: [...clients.flatMap(({ printed }) => printed), ...probe.ids],
    cancelled: new Set([probe, ...clients].flatMap(({ cancelled }) => [...cancelled])),
    retried: new Set(clients.flatMap(({ retried }) => [...retried])),
    ...{ touched: new Set(), salvageable: new Set(), batchSize: BATCH, losesOutput: true },
  });
  const events: Record<string, number> = {};
  for (const machine of machines) {
    for (const [type, count] of Object.entries(machine.events)) {
      events[type] = (events[type] ?? 0) + count;
    }
  }
  return {
    figures: {
      ...found.figures,
      cables: machines.filter(({ cable }) => cable !== null).length,
      ...played,
      refusedCalls: clients.reduce((sum, { refused }) => sum + refused, 0),
      longestEnqueue: Math.round(Math.max(...clients.map(({ longest }) => longest))),
      ...events,
    },
    // What goes wrong at each start goes wrong often.
    faults: [
      ...new Set([
        ...faults,
        ...machines.flatMap((machine) => machine.faults),
        ...clients.flatMap((client) => client.faults),
        ...found.faults,
      ]),
    ],
  };
}

/** Plays faults, now and then two at once; how many of each, and the longest recovery from one, milliseconds. */
async function play(
  scene: Scene,
  { faults, seconds = 0, progress }: OutageOptions,
  failed: (name: string, error: unknown) => void,
  recover: (name: string) => Promise<number>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const longest: Record<string, number> = {};
  const names = Object.keys(FAULTS) as FaultName[];
  const planned = [...faults ?? []];
  const end = performance.now() + seconds * 1000;
  while (planned.length > 0 || performance.now() < end) {
    const next = () => planned.shift() ?? scene.random.pick(names)!;
    const both = [next()];
    // Two of those that stop the server would stand in each other's way.
    if (faults === undefined && scene.random.chance(0.25)) {
      both.push(scene.random.pick(["cut", "halfOpen", "hold", "late", "machineDies"]));
    }
    const name = both.join(" and ");
    progress(name);
    for (const one of both) counts[one] = (counts[one] ?? 0) + 1;
    try {
      await Promise.all(both.map((one) => FAULTS[one](scene)));
      const took = await recover(name);
      for (const one of both) longest[one] = Math.max(longest[one] ?? 0, took);
    } catch (error) {
      failed(name, error);
      // Without a server all that follows would only say so again.
      if (!scene.server.isRunning) throw error;
    }
    if (faults === undefined) {
      await new Promise((resolve) => setTimeout(resolve, scene.random.between(0, 3000)));
    }
  }
  return {
    ...counts,
    ...Object.fromEntries(
      Object.entries(longest).map(([name, took]) => [`${name}_recovery_ms`, took]),
    ),
  };
}

function linesOf(path: string): string[] {
  try {
    return Deno.readTextFileSync(path).split("\n").slice(0, -1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/** What is left in the spool of a machine. */
function spoolOf(files: string): string[] {
  const stores = `${files}/queuectl/postgres`;
  return [...Deno.readDirSync(stores)].flatMap(({ name }) =>
    [...Deno.readDirSync(`${stores}/${name}`)].map((file) => `${name}/${file.name}`)
  );
}

/** At scale 1 it takes an hour. */
export const postgres: Campaign = {
  name: "postgres",
  title: "PostgreSQL fails, its network fails, machines are cut off: nothing is lost or runs twice",
  async run({ seed, scale, progress }) {
    await using dir = await tempDir();
    return await outageCampaign(dir, { seed, seconds: 3600 * scale, lease: 10_000, progress });
  },
};
