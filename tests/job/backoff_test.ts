import assert from "node:assert/strict";
import fc from "fast-check";
import { type Backoff, backoffDelay } from "../../src/job/backoff.ts";
import { MAX_DURATION } from "../../src/job/duration.ts";

/** Every policy that a job spec may hold. */
const policies = fc.record({
  backoffBase: fc.double({ min: 0, max: 1000, noNaN: true }),
  backoffMax: fc.nat(MAX_DURATION),
  backoffJitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const failures = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const policy = (overrides: Partial<Backoff>): Backoff => ({
  backoffBase: 2,
  backoffMax: 86_400_000,
  backoffJitter: 0,
  ...overrides,
});

Deno.test("backoffDelay: is base ^ n seconds", () => {
  const waits = (base: number) =>
    [1, 2, 3, 4].map((n) => backoffDelay(policy({ backoffBase: base }), n, 0.9));
  assert.deepEqual(waits(2), [2000, 4000, 8000, 16_000]);
  assert.deepEqual(waits(3), [3000, 9000, 27_000, 81_000]);
  assert.deepEqual(waits(1.5), [1500, 2250, 3375, 5063]);
  assert.deepEqual(waits(1), [1000, 1000, 1000, 1000]);
  assert.deepEqual(waits(0.5), [500, 250, 125, 63]);
  assert.deepEqual(waits(0), [0, 0, 0, 0]);
});

Deno.test("backoffDelay: is at most backoff_max before jitter", () => {
  assert.equal(backoffDelay(policy({}), 16, 0.5), 65_536_000);
  assert.equal(backoffDelay(policy({}), 17, 0.5), 86_400_000);
  assert.equal(backoffDelay(policy({ backoffMax: 1500 }), 1, 0.5), 1500);
  assert.equal(backoffDelay(policy({ backoffMax: 0 }), 5, 0.5), 0);
});

Deno.test("backoffDelay: jitter adds or removes up to its share", () => {
  const wait = (backoffJitter: number, random: number) =>
    backoffDelay(policy({ backoffBase: 10, backoffJitter }), 1, random);
  assert.equal(wait(0.2, 0), 8000);
  assert.equal(wait(0.2, 0.5), 10_000);
  assert.equal(wait(0.2, 0.75), 11_000);
  assert.equal(wait(1, 0), 0);
  assert.equal(wait(1, 0.999), 19_980);
});

Deno.test("backoffDelay: is whole milliseconds within the jitter around the limit", () => {
  fc.assert(fc.property(policies, failures, random, (policy, n, random) => {
    const delay = backoffDelay(policy, n, random);
    assert.ok(Number.isSafeInteger(delay) && delay >= 0, String(delay));
    const exact = Math.min(policy.backoffBase ** n * 1000, policy.backoffMax);
    assert.ok(delay >= Math.floor(exact * (1 - policy.backoffJitter)));
    assert.ok(delay <= Math.ceil(exact * (1 + policy.backoffJitter)));
    assert.ok(!Object.is(delay, -0));
    // Any date plus any wait is a date that can be shown.
    assert.ok(!Number.isNaN(new Date(4_000_000_000_000 + delay).getTime()));
  }));
});

Deno.test("backoffDelay: with a base of 1 or more never grows shorter", () => {
  const base = fc.double({ min: 1, max: 1000, noNaN: true });
  fc.assert(fc.property(policies, base, fc.nat(2000), random, (policy, backoffBase, n, random) => {
    const at = (n: number) => backoffDelay({ ...policy, backoffBase }, n, random);
    assert.ok(at(n + 2) >= at(n + 1));
  }));
});

Deno.test("backoffDelay: does not depend on chance without jitter", () => {
  fc.assert(fc.property(policies, failures, random, random, (policy, n, one, other) => {
    const steady = { ...policy, backoffJitter: 0 };
    assert.equal(backoffDelay(steady, n, one), backoffDelay(steady, n, other));
  }));
});
