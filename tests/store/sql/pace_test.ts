import assert from "node:assert/strict";
import { Pace } from "../../../src/store/sql/pace.ts";

Deno.test("Pace: what is long takes a tenth of the time, and among few jobs nothing is", () => {
  let now = 0;
  const pace = new Pace(() => now);
  pace.note(4, 1_000_000);
  assert.equal(pace.isTime, true);
  pace.note(5000, 19_999);
  assert.equal(pace.isTime, true);
  pace.note(50, 20_000);
  now = 499;
  assert.equal(pace.isTime, false);
  now = 500;
  assert.equal(pace.isTime, true);
});
