import assert from "node:assert/strict";
import { Beginnings, END, type Found, type Place } from "../../../src/store/postgres/beginnings.ts";

const lane = { queue: "default", priority: 0 };

/** What a look finds that finds nothing, at once. */
const NOTHING: Found = { places: [], took: 0, isFull: false, isAll: false, newest: 20_000 };

/** Looks at everything take long, and here is what was found by them. */
function afterLongLooks(...places: readonly Place[]) {
  const clock = { now: 0 };
  const beginnings = new Beginnings(() => clock.now);
  for (let n = 0; n < 2; n++) {
    assert.equal(beginnings.look(), null);
    beginnings.note(null, { ...NOTHING, places, took: 300 });
  }
  const look = (found: Partial<Found> = {}) => {
    const look = beginnings.look()!;
    beginnings.note(look, { ...NOTHING, ...found });
    return look;
  };
  return { beginnings, clock, look };
}

Deno.test("Beginnings: everything is looked at until that takes long twice", () => {
  const beginnings = new Beginnings(() => 0);
  for (const took of [300, 4, 5]) {
    assert.equal(beginnings.look(), null);
    beginnings.note(null, { ...NOTHING, took, places: [{ ...lane, seq: 7 }] });
  }
  assert.equal(beginnings.hasMore, false, "that was everything");
  beginnings.note(beginnings.look(), { ...NOTHING, took: 20 });
  assert.deepEqual(beginnings.look()?.lanes, [{ ...lane, first: 8, past: END }]);
});

Deno.test("Beginnings: among few jobs no look is long but for a slow machine", () => {
  const beginnings = new Beginnings(() => 0);
  for (let n = 0; n < 3; n++) {
    beginnings.note(beginnings.look(), { ...NOTHING, took: 5000, newest: 19_999 });
  }
  assert.equal(beginnings.look(), null);
});

Deno.test("Beginnings: each lane goes on behind the last job that was claimed, whoever came back", () => {
  const { look } = afterLongLooks({ ...lane, seq: 9000 }, { queue: "q", priority: 5, seq: 7 });
  look({ places: [{ ...lane, seq: 20 }, { ...lane, seq: 9500 }, { ...lane, seq: 30 }] });
  assert.deepEqual(look().lanes.filter(({ past }) => past === END), [
    { ...lane, first: 9501, past: END },
    { queue: "q", priority: 5, first: 8, past: END },
  ]);
});

Deno.test("Beginnings: what came back and what is new are looked for by turns, each in a tenth of the time", () => {
  const { beginnings, clock, look } = afterLongLooks({ ...lane, seq: 200_000 });
  const kinds = (took: number) => {
    const { around, back } = look({ took });
    return around ? "around" : back === null ? "near" : back.join();
  };
  assert.deepEqual([kinds(0), kinds(0), kinds(0)], ["around", "0,50000", "around"]);
  assert.equal(kinds(100), "50000,150000", "the next portion, larger since the last was quick");
  assert.equal(kinds(30), "around");
  assert.equal(beginnings.hasMore, false);
  assert.deepEqual([kinds(500), kinds(500)], ["near", "near"]);
  clock.now = 300;
  assert.deepEqual([kinds(50), kinds(500)], ["around", "near"]);
  clock.now = 1000;
  assert.deepEqual([kinds(0), kinds(0)], ["150000,200000", "around"]);
});

Deno.test("Beginnings: portions are those of lanes that are done", () => {
  const { look } = afterLongLooks({ ...lane, seq: 60_000 }, { queue: "q", priority: 5, seq: 7 });
  look();
  assert.deepEqual(look().lanes.slice(2), [
    { ...lane, first: 0, past: 50_000 },
    { queue: "q", priority: 5, first: 0, past: 8 },
  ]);
  look();
  assert.deepEqual(look().lanes.slice(2), [{ ...lane, first: 50_000, past: 60_001 }]);
});

Deno.test("Beginnings: a portion that has more than was wanted is looked at again", () => {
  const { look } = afterLongLooks({ ...lane, seq: 60_000 });
  look();
  const places = [{ ...lane, seq: 3 }];
  assert.deepEqual(look({ places, isFull: true, took: 100 }).back, [0, 50_000]);
  look({ took: 100 });
  assert.deepEqual(look({ places, took: 100 }).back, [0, 50_000]);
  assert.equal(look().back, null);
});

Deno.test("Beginnings: once nothing takes long any more everything is looked at", () => {
  const { beginnings, look } = afterLongLooks({ ...lane, seq: 9 });
  look({ took: 20 });
  look();
  assert.notEqual(beginnings.look(), null);
  const again = afterLongLooks({ ...lane, seq: 9 });
  again.look();
  again.look();
  assert.equal(again.beginnings.look(), null);
});

Deno.test("Beginnings: forget() has everything looked at, once where that takes long", () => {
  const { beginnings } = afterLongLooks({ ...lane, seq: 9 });
  beginnings.forget();
  assert.equal(beginnings.look(), null);
  beginnings.note(null, { ...NOTHING, took: 20 });
  assert.notEqual(beginnings.look(), null);
});

Deno.test("Beginnings: an empty lane goes on behind what was there five seconds ago", () => {
  const { clock, look } = afterLongLooks({ ...lane, seq: 9 });
  const first = (newest: number | null) =>
    look({ newest: (newest ?? 0) + 20_000, isAll: newest !== null, took: 20 }).lanes[0]!.first;
  assert.equal(first(100), 10);
  clock.now = 4999;
  assert.equal(first(200), 10);
  clock.now = 5000;
  assert.equal(first(300), 10);
  assert.equal(first(null), 20_101);
  clock.now = 10_000;
  assert.equal(first(null), 20_101, "it was not empty");
  assert.equal(first(400), 20_101);
  assert.equal(first(null), 20_301);
});

Deno.test("Beginnings: with very many lanes everything is looked at", () => {
  const places = Array.from({ length: 1001 }, (_, n) => ({ ...lane, queue: `q${n}`, seq: n }));
  assert.equal(afterLongLooks(...places).beginnings.look(), null);
});

Deno.test("Beginnings: queues that were there while nothing took long are forgotten", () => {
  const beginnings = new Beginnings(() => 0);
  const places = Array.from({ length: 1001 }, (_, n) => ({ ...lane, queue: `q${n}`, seq: n }));
  beginnings.note(null, { ...NOTHING, places });
  for (const took of [0, 300, 300]) beginnings.note(null, { ...NOTHING, took });
  assert.deepEqual(beginnings.look()?.lanes, []);
});
