import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { ConflictError, MovedStoreError, UsageError } from "../../src/errors.ts";
import { reopenStore } from "../../src/moving/move_store.ts";
import { PostgresEngine } from "../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../src/store/sql/sql_store.ts";
import { MIGRATIONS } from "../../src/store/sqlite/migrations.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import { TestSchema } from "../toolchain/postgres_session.ts";
import { fill, Killed, look, MARK, Places, says, testEachTarget, testEachWay } from "./places.ts";
import { makeStore } from "./template.ts";

testEachTarget(
  "moveStore() refuses what belongs to another move, and a target that is not empty",
  async (way) => {
    await using places = await Places.make(way);
    const { from, to } = places;
    const [other, third] = [await places.another(way), await places.another(way)];
    await fill(other, way[1], makeStore);
    await rejects(
      places.move({ to: other }),
      says(ConflictError, `${other.location} is not empty (`, " jobs)"),
    );
    await rejects(places.move({ to: from }), UsageError);
    await look(from);
    await rejects(places.move({ steps: 5 }), Killed);
    await rejects(
      places.move({ to: third }),
      says(ConflictError, `${from.location} is being moved to ${to.location}; to go on: `),
    );
    const notWhole = says(
      ConflictError,
      `${to.location} is not whole: ${from.location} is being moved to it`,
    );
    await rejects(places.move({ from: other }), notWhole);
    await rejects(places.move({ from: to, to: third }), notWhole);
    await look(other);
    await places.move({ ids: [] });
    const was = says(ConflictError, `${from.location} was moved to ${to.location} at `);
    await rejects(places.move({ to: third }), was);
    await rejects(places.move({ from: other, to: from }), was);
    // Again, after a kill before it could say so.
    strictEqual((await places.move({ ids: [] })).isResumed, true);
  },
);

testEachTarget("reopenStore() gives a move up; what is left over of it is refused", async (way) => {
  await using places = await Places.make(way);
  const { from, to } = places;
  await rejects(places.move({ steps: 9 }), Killed);
  await using source = await from.open({ create: false, marked: true });
  strictEqual((await reopenStore(source)).other, to.location);
  await rejects(reopenStore(source), /was not moved/);
  await look(from);
  await using target = await to.open({ create: false, marked: true });
  await rejects(reopenStore(target), says(ConflictError, `${to.location} is not whole`));
  await rejects(
    places.move(),
    says(
      ConflictError,
      `${to.location} is left over from a move of ${from.location} that was given up`,
    ),
  );
  await look(from);
  const another = await places.another(way);
  await places.move({ to: another });
  deepStrictEqual(await another.contents(), await from.contents());
});

testEachWay(
  "moveStore() takes along what was accepted meanwhile, and no more is accepted",
  async (way) => {
    await using places = await Places.make(way);
    const { from, to } = places;
    await using store = await from.open({ create: false });
    const accepted: string[] = [];
    const enqueuers = Array.from({ length: 4 }, async (_, i) => {
      for (let job = 0;; job++) {
        const id = `late-${i}-${job}`;
        await store.enqueue([newJob(id)]);
        accepted.push(id);
        // Else nothing else gets its turn in this process.
        await new Promise((resolve) => setTimeout(resolve));
      }
    });
    const refused = Promise.allSettled(enqueuers);
    await waitFor(() => accepted.length > 8);
    await places.move();
    for (const { reason } of await refused as PromiseRejectedResult[]) {
      ok(reason instanceof MovedStoreError, String(reason));
    }
    await using moved = await to.open({ create: false });
    const found = (await moved.jobs({ idPrefix: "late-" })).map(({ id }) => id);
    deepStrictEqual(found.sort(), accepted.sort());
  },
);

testEachWay(
  "a store in which a worker has begun meanwhile, or a job runs, is not marked",
  async (way) => {
    await using places = await Places.make(way);
    await using store = await places.from.open({ create: false });
    const relocation = await store.relocation();
    const process = { pid: 1, startTime: "1" };
    await store.join({
      ...{ id: "late", host: "h", hostIdentity: "i", process, slots: 1, queues: null },
    });
    await rejects(
      relocation.begin(MARK, ["other"]),
      says(ConflictError, "A worker has just begun on "),
    );
    await store.tick({
      ...{ worker: "late", ended: [], output: [], free: [process], observed: new Map() },
      ...{ draining: false, buried: [] },
    });
    await rejects(
      relocation.begin(MARK, ["late"]),
      says(ConflictError, "1 job of ", " runs, and "),
    );
    strictEqual(await relocation.mark(), null);
    await look(places.from);
  },
);

testEachWay("the mark keeps out who has the store open", async (way) => {
  await using places = await Places.make(way);
  await using open = await places.from.open({ create: false });
  await open.status();
  await places.move();
  await rejects(open.enqueue([newJob("late")]), MovedStoreError);
  await rejects(open.status(), MovedStoreError);
  await rejects(open.revision().then(() => open.job("done")), MovedStoreError);
});

Deno.test("a marked file is of a version that no program knows, so that older ones refuse it", async () => {
  await using places = await Places.make(["sqlite", "sqlite"]);
  await places.move();
  const database = new DatabaseSync(places.from.location, { readOnly: true });
  const { version } = database.prepare("SELECT max(version) AS version FROM migration").get()!;
  database.close();
  ok(Number(version) > MIGRATIONS.length);
});

Deno.test("the mark waits for whoever adds jobs beside others, in PostgreSQL", async () => {
  await using schema = await TestSchema.named();
  await using store = new SqlStore(
    await PostgresEngine.open(schema.url, { create: true, marked: true }),
  );
  const relocation = await store.relocation();
  await using adder = await schema.session();
  await using watcher = await schema.session();
  await adder.script("BEGIN; LOCK TABLE gate IN ACCESS SHARE MODE");
  const begun = relocation.begin(MARK, []);
  await waitFor(async () =>
    (await watcher.ask(
      "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'gate'::regclass",
    )).length > 0
  );
  strictEqual(await relocation.mark(), null);
  await adder.script("COMMIT");
  await begun;
  strictEqual((await relocation.mark())?.id, "move");
});
