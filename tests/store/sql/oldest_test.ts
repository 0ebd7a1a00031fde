import assert from "node:assert/strict";
import { OldestPending } from "../../../src/store/sql/oldest.ts";
import { Pace } from "../../../src/store/sql/pace.ts";

/** One whose looks are long as soon as there has been one. */
class Long extends Pace {
  readonly noted: number[] = [];
  isOver = true;

  override get isTime() {
    return this.isOver;
  }

  override note(_: number, jobs: number): void {
    this.noted.push(jobs);
    this.isOver = false;
  }
}

Deno.test("OldestPending goes on from the one that it found, and over all when it is time", () => {
  const pace = new Long();
  const oldest = new OldestPending(pace);
  /** Asks a store in which some jobs wait, and of which one has the highest number. */
  const ask = (waiting: readonly number[], newest: number) => {
    const work = oldest.select();
    const asked: unknown[] = [];
    for (let step = work.next();;) {
      if (step.done) return [step.value, ...asked];
      asked.push(...step.value.values);
      const [from] = step.value.values as number[];
      const seq = from === undefined ? newest : waiting.find((seq) => seq >= from);
      step = work.next(seq === undefined ? [] : [{ seq, created_at: -seq }]);
    }
  };
  assert.deepEqual(ask([7, 9], 20), [-7, 0]);
  assert.deepEqual(pace.noted, [7]);
  assert.deepEqual(ask([5, 9], 20), [-9, 7]);
  assert.deepEqual(ask([], 20), [null, 9]);
  assert.deepEqual(ask([5, 21], 21), [-21, 20]);
  pace.isOver = true;
  assert.deepEqual(ask([5, 21], 21), [-5, 0]);
  assert.deepEqual(pace.noted, [7, 5]);
});
