/**
 * What may befall a server and the network before it.
 *
 * @module
 */

import { processInfo } from "../../../src/worker/host.ts";
import { fillDisk } from "../../crash/store_disk.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import type { PostgresServer } from "../../toolchain/postgres_server.ts";
import { PostgresSession } from "../../toolchain/postgres_session.ts";
import type { Direction, Proxy, Treatment } from "../../helpers/proxy.ts";
import type { Random } from "../random.ts";
import type { Machine } from "./machine.ts";
import type { Probe } from "./probe.ts";

/** Where it happens. */
export interface Scene {
  readonly server: PostgresServer;
  readonly random: Random;
  readonly machines: readonly Machine[];
  /** The ways of clients. */
  readonly networks: readonly Proxy[];
  /** Milliseconds after which a machine is lost. */
  readonly lease: number;
  /** No trouble lasts longer, but that in which a machine is lost; milliseconds. */
  readonly longest: number;
  readonly probe: Probe;
  /** The disk of the server, if it has one of its own. */
  readonly disk: string | null;
}

/** Something bad; when it returns it is over. */
export type Fault = (scene: Scene) => Promise<void>;

/** Times that a client tells from each other: a moment, less than it waits for, more, and more than the lease. */
function time({ random, lease, longest }: Scene): number {
  const [from, to] = random.pick([[0, 300], [500, 3000], [5000, 9000], [lease, lease + 4000]]) as [
    number,
    number,
  ];
  return Math.min(longest, random.between(from, to));
}

/** One of the ways to the server, or all of them. */
function some({ random, machines, networks }: Scene): readonly Proxy[] {
  const all = [...machines.map(({ network }) => network), ...networks];
  return random.chance(0.25) ? all : [random.pick(all)!];
}

function way({ random }: Scene): Direction | undefined {
  return random.pick(["there", "back", undefined]);
}

async function treated(scene: Scene, treatment: Treatment, cutAfter: boolean): Promise<void> {
  const [networks, direction] = [some(scene), way(scene)];
  for (const network of networks) network.treat(treatment, direction);
  await sleep(time(scene));
  for (const network of networks) {
    network.treat({ kind: "pass" });
    if (cutAfter) network.cut();
  }
}

async function asAdmin(
  { server }: Scene,
  work: (session: PostgresSession) => Promise<void>,
): Promise<void> {
  await using session = await PostgresSession.open(server.adminUrl, "queuectl");
  await work(session);
}

/** For a test that wants certain ones; the others are at random. */
export const FAULTS = {
  async restart(scene) {
    const { server, random } = scene;
    await server.stop(random.pick(["fast", "immediate", "kill"]));
    await sleep(random.pick([0, 0, time(scene)])!);
    await server.start();
  },
  /** All of its processes stand still, and go on with what they were about to do. */
  async standstill(scene) {
    const family = serverProcesses(scene.server.pid);
    for (const pid of family) send(pid, "SIGSTOP");
    await sleep(time(scene));
    for (const pid of family) send(pid, "SIGCONT");
  },
  async terminate(scene) {
    const end = performance.now() + scene.random.between(0, Math.min(scene.longest, 4000));
    do {
      await asAdmin(scene, async (session) => {
        await session.ask(
          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity " +
            "WHERE usename = 'queuectl' AND random() < 0.5",
        );
      });
      await sleep(scene.random.between(0, 200));
    } while (performance.now() < end);
  },
  async cut(scene) {
    const networks = some(scene);
    for (let cuts = scene.random.between(1, 10); cuts > 0; cuts--) {
      for (const network of networks) network.cut();
      await sleep(scene.random.between(0, 400));
    }
  },
  async refuse(scene) {
    const networks = some(scene);
    for (const network of networks) await network.refuse();
    await sleep(time(scene));
    for (const network of networks) network.accept();
  },
  /** All that a machine sends and is sent is lost, until the others have taken over. */
  async cutOff({ machines, lease, probe }) {
    const { job, machine } = await probe.begin(machines);
    const { network, cable } = machine;
    if (cable === null) network.treat({ kind: "swallow" });
    else await cable.cut();
    try {
      await probe.takenOver(job, 2 * lease + 20_000);
    } finally {
      if (cable === null) network.treat({ kind: "pass" });
      else await cable.mend();
    }
  },
  halfOpen: (scene) => treated(scene, { kind: "swallow" }, scene.random.chance(0.5)),
  hold: (scene) => treated(scene, { kind: "hold" }, scene.random.chance(0.3)),
  delay: (scene) =>
    treated(scene, { kind: "delay", milliseconds: scene.random.between(20, 1500) }, false),
  /** What is sent is done when its sender has given up. */
  late: (scene) =>
    treated(scene, { kind: "late", milliseconds: scene.random.between(4000, 12_000) }, false),
  async readOnly(scene) {
    const set = (value: string) =>
      asAdmin(scene, async (session) => {
        await session.script(`SET default_transaction_read_only = off`);
        await session.script(`ALTER SYSTEM SET default_transaction_read_only = ${value}`);
        await session.script("SELECT pg_reload_conf()");
      });
    await set("on");
    await sleep(time(scene));
    await set("off");
  },
  /** It becomes a standby that nobody feeds, and then the primary. */
  async standby(scene) {
    const { server } = scene;
    await server.stop("fast");
    await Deno.writeTextFile(`${server.data}/standby.signal`, "");
    await server.start();
    await sleep(time(scene));
    await asAdmin(scene, async (session) => void await session.ask("SELECT pg_promote(true, 30)"));
  },
  async fullDisk(scene) {
    const { disk, server } = scene;
    if (disk === null) return;
    const { pid } = server;
    {
      using _ballast = fillDisk(disk);
      await sleep(time(scene));
    }
    // Where it could not write down what it does, it has ended.
    if (processInfo(pid)?.alive !== true) await server.start();
    await answers(scene);
  },
  /** Nobody on that machine can say goodbye. */
  async machineDies(scene) {
    const machine = scene.random.pick(scene.machines)!;
    machine.network.treat({ kind: "swallow" });
    machine.signal("SIGKILL");
    await sleep(time(scene));
    machine.network.treat({ kind: "pass" });
    machine.network.cut();
  },
  /** As when it sleeps; for longer than the lease, others may run its jobs before it learns of it (promise 2). */
  async machineStandsStill(scene) {
    const machine = scene.random.pick(scene.machines)!;
    machine.signal("SIGSTOP");
    await sleep(Math.min(time(scene), 0.7 * scene.lease));
    machine.signal("SIGCONT");
  },
} as const satisfies Readonly<Record<string, Fault>>;

/** The name of a fault. */
export type FaultName = keyof typeof FAULTS;

/** Waits until the server takes connections; after a crash of one of its processes it is away for a moment. */
export async function answers(scene: Scene): Promise<void> {
  await waitFor(
    () => asAdmin(scene, (session) => session.script("CHECKPOINT")).then(() => true, () => false),
    { timeout: 60_000, interval: 100, message: "an answer of the server" },
  );
}

/** A process and those that it has started. */
function serverProcesses(pid: number): number[] {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  return [pid, ...children.split(/\s+/).filter((text) => text !== "").map(Number)];
}

function send(pid: number, signal: Deno.Signal): void {
  try {
    Deno.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
