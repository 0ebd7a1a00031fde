import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { ConflictError, MovedStoreError, StoreError } from "../../src/errors.ts";
import { errorText } from "../../src/job/outcome.ts";
import { newJob } from "../job/jobs.ts";
import { Killed, look, Places, says, testEachTarget, testEachWay } from "./places.ts";
import { makeStoreWithLost } from "./template.ts";

testEachWay(
  "moveStore() leaves nothing behind, and lets the new store be used and not the old one",
  async (way) => {
    await using places = await Places.make(way);
    const { from, to } = places;
    const { location, isResumed } = await places.move();
    deepStrictEqual([location, isResumed], [to.location, false]);
    const [before, after] = [await from.contents(), await to.contents()];
    deepStrictEqual(after, before);
    for (const [table, rows] of Object.entries(after)) ok(rows.length > 0, `nothing in ${table}`);
    await rejects(
      look(from),
      says(
        MovedStoreError,
        `was moved to ${to.location} at `,
        " and is a backup; to work on it again: ",
      ),
    );
    await using store = await to.open({ create: false });
    ok((await store.queues()).some(({ queue }) => queue === "once"), "a queue that held jobs once");
    // The next job comes behind all others.
    await store.enqueue([newJob("new")]);
    strictEqual((await store.jobs({}))[0]!.id, "new");
  },
  [["postgres", "postgres"], ["old postgres", "postgres"]],
);

Deno.test("moveStore() cuts an error that an older version has kept, where PostgreSQL would not take it", async () => {
  await using places = await Places.make(["sqlite", "postgres"]);
  // Nothing in it comes twice, so it cannot be made shorter.
  const error = Array.from({ length: 100 }, () => crypto.randomUUID()).join();
  await places.from.change(`UPDATE job SET error = '${error}' WHERE state = 'dead'`);
  await places.move();
  await using store = await places.to.open({ create: false });
  const [dead] = await store.jobs({ states: ["dead"] });
  strictEqual(dead?.error, errorText(error));
});

testEachWay(
  "moveStore() goes on after a kill behind any step, with nothing lost and nothing twice",
  async (way) => {
    await using counted = await Places.make(way);
    await counted.move();
    const expected = await counted.to.contents();
    const all = counted.steps;
    ok(all > 20, `${all} steps`);
    // The portions are alike: where it takes longer, one of them will do.
    const isFast = !way.includes("postgres");
    const every = Array.from({ length: all }, (_, i) => i + 1);
    for (const steps of isFast ? every : [1, 12, all - 1, all]) {
      await using places = await Places.make(way);
      const { from, to } = places;
      await rejects(places.move({ steps }), Killed, `${steps}`);
      await rejects(look(from), MovedStoreError);
      // The first step is the mark of the source, the last one takes that of the target away.
      if (steps > 1 && steps < all) await rejects(look(to), MovedStoreError);
      strictEqual((await places.move({ ids: [] })).isResumed, true);
      deepStrictEqual(await to.contents(), expected);
      deepStrictEqual(await from.contents(), expected);
      await look(to);
      await rejects(look(from), MovedStoreError);
    }
  },
);

testEachWay(
  "moveStore() moves many rows and large ones in portions of 4,000 and about 4 MiB",
  async (way) => {
    await using places = await Places.make(way);
    const { from, to } = places;
    const large = 1_500_000;
    {
      await using store = await from.open({ create: false, marked: true });
      const many = Array.from({ length: 4500 }, (_, i) => newJob(`many-${i}`));
      const stdin = "x".repeat(large);
      await store.enqueue([
        ...many,
        ...Array.from({ length: 5 }, (_, i) => newJob(`fed-${i}`, { stdin })),
      ]);
    }
    await places.move();
    deepStrictEqual(await to.contents(), await from.contents());
    const sizes = places.portions.map((rows) =>
      rows.flat().reduce<number>(
        (sum, cell) => sum + (typeof cell === "object" ? cell?.length ?? 0 : String(cell).length),
        0,
      )
    );
    strictEqual(Math.max(...places.portions.map((rows) => rows.length)), 4000);
    const limit = 4 * 1024 * 1024;
    ok(Math.max(...sizes) > limit && Math.max(...sizes) < limit + large, String(sizes));
  },
);

testEachTarget(
  "moveStore() finds a row that is not the same, missing or too many, and a wrong counter",
  async (way) => {
    await using counted = await Places.make(way);
    await counted.move();
    const isFile = way[1] === "sqlite";
    const DAMAGES = [
      [
        "UPDATE output SET bytes = x'00' WHERE length(bytes) = 256",
        /differ in the piece of output/,
      ],
      [
        "UPDATE job SET env = '{}' WHERE id = 'secret'",
        /differ in the job \(seq \d+, id secret\)/,
      ],
      [
        "DELETE FROM attempt WHERE job = (SELECT seq FROM job WHERE id = 'done')",
        /differ in the attempt \(job 1, /,
      ],
      [
        "INSERT INTO output VALUES (9, 9, 9, 'stdout', 0, 0, x'00')",
        /differ in the piece of output/,
      ],
      [
        "UPDATE output SET bytes = x'00' WHERE length(bytes) = 256",
        /differ in the piece of output/,
      ],
      [
        isFile
          ? "UPDATE counter SET jobs = jobs + 1 WHERE state = 'dead'"
          : "INSERT INTO counter_part VALUES ('dead', 'default', 1)",
        /differ in the counters of queue/,
      ],
    ] as const;
    for (const [sql, message] of isFile ? DAMAGES : [DAMAGES[0], DAMAGES.at(-1)!]) {
      await using places = await Places.make(way);
      const { from, to } = places;
      // What is left: to compare, to write the end down, to take the mark off.
      await rejects(places.move({ steps: counted.steps - 2 }), Killed);
      await to.change(sql);
      await rejects(places.move({ ids: [] }), (error: Error) => {
        ok(error instanceof StoreError, error.stack);
        match(error.message, message);
        return true;
      });
      await rejects(look(to), MovedStoreError);
      // The way out that it names.
      await to.remove();
      await places.move({ ids: [] });
      deepStrictEqual(await to.contents(), await from.contents());
    }
  },
);

testEachTarget("moveStore() twice at once: one of them is told of the other", async (way) => {
  await using places = await Places.make(way);
  const { from, to } = places;
  await rejects(places.move({ steps: 2 }), Killed);
  const results = await Promise.allSettled([places.move({ ids: [] }), places.move({ ids: [] })]);
  const failed = results.filter((result) => result.status === "rejected");
  strictEqual(failed.length, 1);
  says(ConflictError, "Another queuectl migrate is at work on")(failed[0]!.reason);
  deepStrictEqual(await to.contents(), await from.contents());
});

Deno.test("moveStore() settles first what a worker of this host left that died", async () => {
  await using places = await Places.make(["sqlite", "sqlite"], makeStoreWithLost);
  const { from, to } = places;
  await places.move();
  await using store = await to.open({ create: false });
  const job = (await store.job("busy"))!;
  deepStrictEqual([job.state, job.attempts, job.error], ["failed", 1, "its worker w1 died"]);
  deepStrictEqual(await store.workers(), []);
  deepStrictEqual(await to.contents(), await from.contents());
});
