import assert from "node:assert/strict";
import fc from "fast-check";
import type { Condition } from "../../src/job/job.ts";
import { describeBroken, findCircle, verdictOf } from "../../src/job/parents.ts";
import { type State, STATES } from "../../src/job/state.ts";

/** A job and the ids of its parents. */
const job = (id: string, ...parents: string[]) => ({
  id,
  after: parents.map((parent) => ({ id: parent, on: "ok" as const })),
});

Deno.test("verdictOf: ok wants an exit 0, notok any other end, any an end", () => {
  const ended: Record<Condition, Partial<Record<State, string>>> = {
    ok: { completed: "met", dead: "broken", cancelled: "broken" },
    any: { completed: "met", dead: "met", cancelled: "met" },
    notok: { completed: "broken", dead: "met", cancelled: "met" },
  };
  for (const on of ["ok", "any", "notok"] as const) {
    for (const state of STATES) {
      assert.equal(verdictOf(on, state), ended[on][state] ?? "open", `${on} ${state}`);
    }
  }
});

Deno.test("describeBroken: names the parent and how it ended", () => {
  assert.equal(describeBroken({ id: "p", on: "ok" }, "dead"), "its parent p is dead");
  assert.equal(describeBroken({ id: "p", on: "ok" }, "cancelled"), "its parent p is cancelled");
  assert.equal(describeBroken({ id: "p", on: "notok" }, "completed"), "its parent p completed");
  assert.equal(describeBroken({ id: "p", on: "ok" }, null), "its parent p was deleted");
});

Deno.test("findCircle: null where nobody waits for himself", () => {
  assert.equal(findCircle([]), null);
  assert.equal(findCircle([job("a"), job("b")]), null);
  assert.equal(findCircle([job("a"), job("b", "a"), job("c", "a", "b")]), null);
  assert.equal(findCircle([job("c", "b", "a"), job("b", "a"), job("a")]), null);
  assert.equal(findCircle([job("a", "elsewhere"), job("b", "elsewhere", "a")]), null);
  // A diamond is met twice and is no circle.
  assert.equal(findCircle([job("d", "b", "c"), job("c", "a"), job("b", "a"), job("a")]), null);
});

Deno.test("findCircle: names the jobs on the circle, each after its parent, and no other", () => {
  assert.deepEqual(findCircle([job("a", "a")]), ["a", "a"]);
  assert.deepEqual(findCircle([job("a", "b"), job("b", "a")]), ["a", "b", "a"]);
  assert.deepEqual(
    findCircle([job("x", "y"), job("y", "a", "z"), job("a"), job("z", "w"), job("w", "y")]),
    ["y", "z", "w", "y"],
  );
});

Deno.test("findCircle: a chain of 50,000, and one that is closed, in both orders", () => {
  const count = 50_000;
  const chain = Array.from(
    { length: count },
    (_, index) => index === 0 ? job("0") : job(String(index), String(index - 1)),
  );
  assert.equal(findCircle(chain), null);
  assert.equal(findCircle(chain.toReversed()), null);
  const closed = [job("0", String(count - 1)), ...chain.slice(1)];
  for (const jobs of [closed, closed.toReversed()]) {
    assert.equal(findCircle(jobs)?.length, count + 1);
  }
});

Deno.test("findCircle: a job with many parents that many share is looked at once", () => {
  const width = 300;
  const layers = Array.from(
    { length: 20 },
    (_, layer) =>
      Array.from({ length: width }, (_, index) =>
        layer === 0 ? job(`0-${index}`) : job(
          `${layer}-${index}`,
          ...Array.from({ length: 50 }, (_, parent) => `${layer - 1}-${(index + parent) % width}`),
        )),
  );
  assert.equal(findCircle(layers.toReversed().flat()), null);
});

Deno.test("findCircle: finds one exactly where the jobs cannot be put into an order", () => {
  const graphs = fc.integer({ min: 1, max: 8 }).chain((count) =>
    fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 3 }), {
      minLength: count,
      maxLength: count,
    })
  );
  fc.assert(
    fc.property(graphs, (graph) => {
      const jobs = graph.map((parents, id) => job(String(id), ...parents.map(String)));
      const circle = findCircle(jobs);
      assert.equal(circle !== null, !canBeOrdered(graph));
      if (circle === null) return;
      assert.equal(circle[0], circle.at(-1));
      assert.equal(new Set(circle).size, circle.length - 1);
      for (const [index, parent] of circle.slice(1).entries()) {
        assert.ok(
          jobs.find(({ id }) => id === circle[index])?.after.some(({ id }) => id === parent),
        );
      }
    }),
    { numRuns: 1000 },
  );
});

/** Takes away the jobs whose parents have all been taken away, until none is left or none can go. */
function canBeOrdered(graph: readonly (readonly number[])[]): boolean {
  const left = new Set(graph.keys());
  for (let size = -1; size !== left.size;) {
    size = left.size;
    for (const id of left) if (!graph[id]!.some((parent) => left.has(parent))) left.delete(id);
  }
  return left.size === 0;
}
