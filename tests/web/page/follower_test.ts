import { deepEqual, equal } from "node:assert/strict";
import { type Answer, Follower } from "../../../src/web/page/follower.ts";

/** A follower whose clock and answers the test has in hand. */
class Bench {
  time = 0;
  readonly answers: Answer<string>[] = [];
  readonly asked: PromiseWithResolvers<string>[] = [];
  readonly signals: AbortSignal[] = [];
  #work: { readonly at: number; readonly run: () => void } | null = null;

  readonly follower = new Follower<string>({
    ask: (signal) => {
      this.signals.push(signal);
      const answer = Promise.withResolvers<string>();
      this.asked.push(answer);
      return answer.promise;
    },
    tell: (answer) => void this.answers.push(answer),
    pace: 1000,
    timers: {
      now: () => this.time,
      after: (delay, run) => {
        const work = this.#work = { at: this.time + delay, run };
        return () => {
          if (this.#work === work) this.#work = null;
        };
      },
    },
  });

  /** Lets the clock run to a time. */
  runTo(time: number): void {
    const work = this.#work;
    this.time = time;
    if (work === null || work.at > time) return;
    this.#work = null;
    work.run();
  }

  /** Answers the last question. */
  async answer(text: string): Promise<void> {
    this.asked.at(-1)!.resolve(text);
    await settled();
  }
}

/** Everything that promises have left to do is done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

Deno.test("Follower.soon() asks at once after a rest, and then in its pace", async () => {
  const bench = new Bench();
  bench.follower.soon();
  bench.runTo(0);
  await bench.answer("a");
  for (const time of [10, 500, 999]) {
    bench.runTo(time);
    bench.follower.soon();
  }
  equal(bench.asked.length, 1);
  bench.runTo(1000);
  equal(bench.asked.length, 2);
  await bench.answer("b");
  deepEqual(bench.answers, [{ data: "a" }, { data: "b" }]);
});

Deno.test("Follower never asks twice at once, and asks again for what changed meanwhile", async () => {
  const bench = new Bench();
  bench.follower.now();
  bench.follower.soon();
  bench.runTo(5000);
  bench.follower.soon();
  bench.runTo(5001);
  equal(bench.asked.length, 1);
  await bench.answer("old");
  bench.runTo(6001);
  equal(bench.asked.length, 2);
});

Deno.test("Follower.now() does not wait for the pace", async () => {
  const bench = new Bench();
  bench.follower.now();
  await bench.answer("a");
  bench.follower.soon();
  bench.follower.now();
  equal(bench.asked.length, 2);
  await bench.answer("b");
  bench.runTo(5000);
  equal(bench.asked.length, 2, "what was to come soon has come");
});

Deno.test("Follower tells an error and goes on", async () => {
  const bench = new Bench();
  const error = new Error("away");
  bench.follower.now();
  bench.asked[0]!.reject(error);
  await settled();
  bench.follower.now();
  await bench.answer("back");
  deepEqual(bench.answers, [{ error }, { data: "back" }]);
});

Deno.test("Follower.stop() aborts what is asked, and nothing is told afterwards", async () => {
  const bench = new Bench();
  bench.follower.now();
  bench.follower.soon();
  bench.follower.stop();
  equal(bench.signals[0]!.aborted, true);
  await bench.answer("late");
  bench.follower.now();
  bench.runTo(9000);
  deepEqual(bench.answers, []);
  equal(bench.asked.length, 1);
});
