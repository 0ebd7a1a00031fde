/**
 * How many jobs a second the store alone gives out and takes back.
 *
 * @module
 */

import { newJob } from "../../job/jobs.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import type { AttemptEnd, Claim } from "../../../src/store/tick.ts";
import { currentHost, processRef } from "../../../src/worker/host.ts";
import type { Benchmark } from "../benchmark.ts";

const JOBS = 48_000;
/** So many are settled and so many claimed by one tick. */
const BATCH = 16;
const WORKER = "bench";

async function makeStore(folder: string): Promise<Store> {
  const store = await openStore(`${await Deno.makeTempDir({ dir: folder })}/queue.db`, {
    create: true,
  });
  await store.enqueue(Array.from({ length: JOBS }, (_, n) => newJob(`job-${n}`)));
  return store;
}

/** As an executor reports a command that wrote nothing and exited with 0. */
function completed({ jobId, token }: Claim): AttemptEnd {
  const outcome = { kind: "completed" } as const;
  return { jobId, token, outcome, finishedAt: Date.now(), chunks: [], outputBytes: 0 };
}

/** Ticks until everything is settled; milliseconds. */
async function workThrough(store: Store): Promise<number> {
  const launcher = processRef(Deno.pid)!;
  const { name: host, identity: hostIdentity } = currentHost();
  const about = { host, hostIdentity, process: launcher, queues: null };
  await store.join({ id: WORKER, ...about, slots: BATCH });
  const free = Array.from({ length: BATCH }, () => launcher);
  const request = { worker: WORKER, output: [], observed: new Map(), draining: false, buried: [] };
  const start = performance.now();
  let claimed: readonly Claim[] = [];
  let settled = 0;
  do {
    const tick = await store.tick({ ...request, ended: claimed.map(completed), free });
    settled += tick.settled.length;
    claimed = tick.claimed;
  } while (claimed.length > 0);
  if (settled !== JOBS) throw new Error(`${settled} jobs were settled, not ${JOBS}`);
  return performance.now() - start;
}

/** The port of the store in this process, ticks without a pause; nothing is run. */
export const claimSettle: Benchmark = {
  name: "claim-settle",
  title: `The store alone: a tick settles ${BATCH} jobs and claims as many`,
  unit: "jobs/s",
  targets: [{ of: "queuectl", atLeast: 40_000 }],
  prepare: (folder) =>
    Promise.resolve([{
      name: "queuectl",
      async run() {
        await using store = await makeStore(folder);
        return JOBS / await workThrough(store) * 1000;
      },
    }]),
};
