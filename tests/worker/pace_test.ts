import assert from "node:assert/strict";
import { PLACES } from "../../src/worker/line.ts";
import { Pace } from "../../src/worker/pace.ts";

Deno.test("Pace.places: a worker claims ahead only while its jobs take a few milliseconds", () => {
  const pace = new Pace();
  assert.equal(pace.places, 0);
  for (let i = 0; i < 50; i++) pace.note(2);
  assert.equal(pace.places, PLACES);
  pace.note(1000);
  assert.equal(pace.places, 0, "a long job is enough to stop");
  for (let i = 0; i < 100; i++) pace.note(5);
  assert.equal(pace.places, 6, "what has approached 5 ms from above");
  for (let i = 0; i < 100; i++) pace.note(33);
  assert.equal(pace.places, 0);
  for (let i = 0; i < 100; i++) pace.note(-5);
  assert.equal(pace.places, PLACES, "a clock that was set does no harm");
});
