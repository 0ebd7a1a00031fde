import assert from "node:assert/strict";
import { sinceBoot } from "../../src/worker/boot_clock.ts";
import { isOver, leaseClock, leaseEnd, leftUntil, usedOf } from "../../src/worker/lease.ts";
import { LeaseHolder } from "../../src/worker/lease_holder.ts";

Deno.test("usedOf() is ten seconds less than a lease, and half of a short one", () => {
  assert.deepEqual([300_000, 30_000, 20_000, 15_000, 5000].map(usedOf), [
    ...[290_000, 20_000, 10_000, 7500, 2500],
  ]);
});

Deno.test("leaseEnd() counts from when the heartbeat was sent, on each clock", () => {
  assert.deepEqual(leaseEnd({ sinceBoot: 1000, own: 7 }, 30_000), {
    sinceBoot: 21_000,
    own: 20_007,
  });
  assert.deepEqual(leaseEnd({ sinceBoot: null, own: 7 }, 30_000), { sinceBoot: null, own: 20_007 });
});

Deno.test("isOver() goes by the time since the boot, which runs on while a machine sleeps", () => {
  const now = leaseClock();
  const boot = now.sinceBoot!;
  assert.notEqual(boot, null);
  const later = 60_000;
  assert.equal(isOver({ sinceBoot: boot - 1, own: now.own + later }), true);
  assert.equal(isOver({ sinceBoot: boot + later, own: 0 }), false);
  // Where it could not be read when the heartbeat was sent.
  assert.equal(isOver({ sinceBoot: null, own: now.own }), true);
  assert.equal(isOver({ sinceBoot: null, own: now.own + later }), false);
  assert.equal(leftUntil({ sinceBoot: boot - later, own: now.own }), 0);
});

Deno.test("sinceBoot() is the same clock in every thread", async () => {
  const url = new URL("../../src/worker/boot_clock.ts", import.meta.url);
  const code = `import { sinceBoot } from "${url}"; postMessage(sinceBoot())`;
  const before = sinceBoot()!;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
  const { promise, resolve } = Promise.withResolvers<number>();
  worker.onmessage = ({ data }) => resolve(data);
  const there = await promise;
  assert.ok(before <= there && there <= sinceBoot()!, `${before} ${there} ${sinceBoot()}`);
  worker.terminate();
});

Deno.test("LeaseHolder has an end only where other machines may take over, and tells of it once", () => {
  const said: unknown[] = [];
  const options = { lease: 30_000, renew: () => said.push("renew"), over: () => said.push("over") };
  const alone = new LeaseHolder({ ...options, isShared: false });
  alone.renew(alone.next());
  assert.deepEqual([alone.next(), alone.leftToRun, said], [null, null, []]);
  const shared = new LeaseHolder({ ...options, isShared: true });
  assert.equal(shared.leftToRun, null);
  const end = shared.next();
  shared.renew(end);
  assert.ok(shared.leftToRun! > 10_000 && shared.leftToRun! <= 20_000);
  shared.heardOver();
  shared.heardOver();
  // One that was sent before says nothing new.
  shared.renew(end);
  shared.heardOver();
  assert.deepEqual(said, ["renew", "over"]);
  const later = { sinceBoot: end!.sinceBoot! + 1000, own: end!.own + 1000 };
  shared.renew(later);
  shared.heardOver();
  assert.deepEqual(said, ["renew", "over", "renew", "over"]);
});
