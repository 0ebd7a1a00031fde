import assert from "node:assert/strict";
import { Events } from "../../src/observe/events.ts";
import type { Store } from "../../src/store/store.ts";
import type { RunningAttempt } from "../../src/store/tick.ts";
import type { WorkerInfo } from "../../src/store/workers.ts";
import { type Rescued, Rescues } from "../../src/worker/rescues.ts";
import { waitFor } from "../helpers/wait_for.ts";

const peer = { id: "lost", host: "far", hostIdentity: "elsewhere", heartbeat: 1 } as WorkerInfo;

/** Rescues by a store that answers, one after the other, as it is told to. */
function open(...answers: Promise<RunningAttempt[]>[]) {
  const failures: string[] = [];
  const events = new Events();
  events.subscribe((event) => {
    if (event.type === "rescue_failed") failures.push(event.error);
  });
  const store = { attemptsOf: () => answers.shift()! } as Partial<Store> as Store;
  const options = { hostIdentity: "here", spool: "/nowhere", maxOutput: 1 };
  return { rescues: new Rescues(store, events, options, () => {}), failures };
}

/** What the rescues bring to the tick that buries. */
function burial(rescues: Rescues): Promise<Rescued> {
  return waitFor(() => {
    const taken = rescues.take();
    return taken.buried.length > 0 && taken;
  });
}

Deno.test("Rescues.isDone is false from the loss of a worker until its burial is taken", async () => {
  const answer = Promise.withResolvers<RunningAttempt[]>();
  const { rescues } = open(answer.promise);
  assert.equal(rescues.isDone, true);
  rescues.begin(peer, "hung");
  assert.equal(rescues.isDone, false);
  answer.resolve([]);
  const taken = await burial(rescues);
  assert.deepEqual(taken.buried, ["lost"]);
  assert.equal(rescues.isDone, true);
  rescues.putBack(taken);
  assert.equal(rescues.isDone, false);
});

Deno.test("Rescues.isDone does not wait for a rescue that has failed once", async () => {
  const { rescues, failures } = open(Promise.reject(new Error("no")), Promise.resolve([]));
  rescues.begin(peer, "hung");
  await waitFor(() => failures.length === 1);
  assert.equal(rescues.isDone, true);
  await burial(rescues);
});
