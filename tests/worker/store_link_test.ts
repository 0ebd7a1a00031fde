import assert from "node:assert/strict";
import { StoreError, StoreLockedError } from "../../src/errors.ts";
import { Events } from "../../src/observe/events.ts";
import type { LockWatch } from "../../src/worker/lock_watch.ts";
import { StoreLink } from "../../src/worker/store_link.ts";

/** A link to a store that is locked, by a worker that hangs or not, and what it says. */
function linkTo({ isWaiting }: { isWaiting: boolean }) {
  const events = new Events();
  const said: string[] = [];
  events.subscribe(({ type }) => said.push(type));
  const during = (<T>(write: () => Promise<T>) => write()) as LockWatch["during"];
  const link = new StoreLink({
    ...{ events, locks: { isWaiting, during } as LockWatch },
    ...{ leftToRun: () => null, gone: () => {} },
  });
  return { link, said };
}

/** Work that fails so often, and then does not. */
function failing(times: number, error: StoreError) {
  let runs = 0;
  const work = () => ++runs > times ? Promise.resolve() : Promise.reject(error);
  return { work, runs: () => runs };
}

const LOCKED = new StoreLockedError("locked");

Deno.test("StoreLink.enter() tries again while a worker keeps the store locked", async () => {
  const { link, said } = linkTo({ isWaiting: true });
  const { work, runs } = failing(3, LOCKED);
  await link.enter(work, () => false);
  assert.equal(runs(), 4);
  assert.deepEqual(said, ["store_away", "store_back"]);
  assert.equal(link.isAway, false);
});

Deno.test("StoreLink.enter() gives up on any other lock, on any other error, and when it is to end", async () => {
  for (
    const [error, isWaiting, isStopping] of [
      [LOCKED, false, false],
      [new StoreError("full"), true, false],
      [LOCKED, true, true],
    ] as const
  ) {
    const { link, said } = linkTo({ isWaiting });
    const { work, runs } = failing(1, error);
    await assert.rejects(link.enter(work, () => isStopping), error);
    assert.equal(runs(), 1);
    // The one sentence is the command's own.
    assert.deepEqual(said, []);
    assert.equal(link.isAway, true);
  }
});

Deno.test("StoreLink.write() of a store that is away is null, and said once", async () => {
  const { link, said } = linkTo({ isWaiting: false });
  const { work } = failing(2, LOCKED);
  assert.equal(await link.write(work), null);
  assert.equal(await link.write(work), null);
  assert.equal(await link.write(work), undefined);
  assert.deepEqual(said, ["store_away"]);
});
