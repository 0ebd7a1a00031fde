import assert from "node:assert/strict";
import type { RunningAttempt } from "../../src/store/tick.ts";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { rescue } from "../../src/worker/rescue.ts";
import { leftovers } from "../../src/worker/sweep.ts";
import { tempDir } from "../helpers/temp_dir.ts";

const HERE = { name: "here", identity: "this boot" };
/** No process has such a pid. */
const GONE = { pid: 2 ** 30, startTime: "1" };

function worker(hostIdentity: string): WorkerInfo {
  return {
    ...{ id: "w1", host: "host", hostIdentity, process: GONE, slots: 1, queues: null, busy: 1 },
    ...{ state: "running", stopRequest: null, slotsRequest: null, joinOrder: 1, startedAt: 0 },
    ...{ heartbeat: 7, heartbeatAt: 0, unmovedFor: 0 },
  };
}

function attempt(token: string): RunningAttempt {
  return { jobId: "job", token, attempt: 1, launcher: GONE, cwd: null, isAhead: true };
}

Deno.test("rescue() takes only an attempt whose files would be here for one that has never begun", async () => {
  await using spool = await tempDir();
  const options = { hostIdentity: HERE.identity, spool: spool.path, maxOutput: 1000 };
  const [waits, begun] = [crypto.randomUUID(), crypto.randomUUID()];
  const outcomes = async (hostIdentity = HERE.identity) => {
    const attempts = [waits, begun].map(attempt);
    const ends = await rescue(worker(hostIdentity), "died", attempts, options);
    return ends.map(({ outcome }) => outcome.kind);
  };
  // Of another user, whose files are in another directory.
  assert.deepEqual(await outcomes(), ["lost", "lost"]);
  await Deno.writeTextFile(spool.join(`launcher-${GONE.pid}-1.status`), "none none\n");
  await Deno.writeTextFile(spool.join(`${begun}.out`), "");
  assert.deepEqual(await outcomes(), ["unclaimed", "lost"]);
  assert.deepEqual(await outcomes("another boot"), ["lost", "lost"]);
});

Deno.test("leftovers() of a shared store are those of no attempt, whatever hosts its workers are on", async () => {
  await using spool = await tempDir();
  const [inUse, left] = [crypto.randomUUID(), crypto.randomUUID()];
  const names = [
    `${inUse}.out`,
    `${left}.err`,
    `launcher-${GONE.pid}-1.status`,
    "launcher-5-2.status",
  ];
  for (const name of names) await Deno.writeTextFile(spool.join(name), "");
  const store = (isShared: boolean) => ({
    ...{ directory: spool.path, isShared },
    workers: () => Promise.resolve([worker("another boot")]),
    attemptsOf: () => Promise.resolve([attempt(inUse)]),
  });
  assert.deepEqual(
    (await leftovers(store(true), HERE)).toSorted(),
    [spool.join(`${left}.err`), spool.join("launcher-5-2.status")].toSorted(),
  );
  // A container that shares a file has its own processes.
  assert.deepEqual(await leftovers(store(false), HERE), []);
});
