/** `queuectl migrate`, by real processes. */

import assert from "node:assert/strict";
import { newPlace, type Place } from "../moving/place.ts";
import { TestSchema } from "../toolchain/postgres_session.ts";
import { flow } from "./stage.ts";

/** How often a move is killed. */
const KILLS = 3;

const JOBS = 9000;

for (const kind of ["sqlite", "postgres"] as const) {
  flow(
    `migrate: killed at any moment it goes on, and nobody uses either store meanwhile (to ${kind})`,
    async (stage) => {
      await using from = await newPlace("sqlite");
      await using to = await newPlace(kind);
      const db = ["--db", from.location];
      const jobs = Array.from({ length: JOBS }, (_, i) => ({
        id: `job${i}`,
        command: "true",
        env: { N: `${i}` },
        ...i % 3 === 1 ? { stdin: `input ${i}` } : {},
        ...i % 3 === 2 ? { after: [`job${i - 1}`] } : {},
      }));
      const stdin = jobs.map((job) => JSON.stringify(job)).join("\n");
      assert.equal((await stage.run([...db, "enqueue"], { stdin })).code, 0);
      const before = await from.contents();
      const migrate = [...db, "migrate", "--to", to.address];
      let killed = 0;
      for (let kill = 0; kill < KILLS; kill++) {
        const program = await stage.spawn(migrate);
        let isOver = false;
        const ended = program.ended().then((ended) => (isOver = true, ended));
        const enough = await rowsIn(to) + Math.random() * JOBS / KILLS;
        while (!isOver && await rowsIn(to) <= enough) {
          await new Promise((resolve) => setTimeout(resolve));
        }
        program.kill("SIGKILL");
        // Where this process had to wait for long it may be over before.
        if ((await ended).signal !== "SIGKILL") break;
        killed++;
      }
      if (killed === KILLS) {
        for (
          const [db, says] of [[from.address, "is being moved to"], [to.address, "is not whole"]]
        ) {
          const { code, stderr } = await stage.run(["--db", db!, "enqueue", "--", "true"]);
          assert.equal(code, 5, stderr);
          assert.ok(stderr.includes(says!), stderr);
        }
      }
      // What the one that was killed last had sent may be done only now.
      let moved = await stage.run([...migrate, "--json"]);
      while (/ at work on /.test(moved.stderr)) moved = await stage.run([...migrate, "--json"]);
      assert.deepEqual({ code: moved.code, stderr: moved.stderr }, { code: 0, stderr: "" });
      assert.partialDeepStrictEqual(JSON.parse(moved.stdout), {
        ...{ from: from.location, to: to.location, jobs: JOBS, resumed: true },
      });
      assert.deepEqual(await to.contents(), before);
      assert.deepEqual(await from.contents(), before);
      assert.equal((await stage.run([...db, "status"])).code, 5);
      await stage.ok("--db", to.address, "status");
    },
    { vias: ["source"] },
  );
}

/** How many rows a half-done move has brought. */
async function rowsIn(place: Place): Promise<number> {
  try {
    const mark = await place.mark();
    return mark === null ? 0 : JSON.parse(mark).rows;
  } catch {
    // The store is not there yet, or locked.
    return 0;
  }
}

flow(
  "migrate: a job of a worker that was killed is ended, and runs again in the new store",
  async (stage) => {
    await stage.enqueue(
      'echo "$QUEUECTL_ATTEMPT" >> runs; echo out; test -e moved || exec sleep 300',
      "--id=busy",
      "--backoff-base=0",
    );
    const worker = await stage.worker(["--count", "1"]);
    await stage.untilLines("runs");
    const to = stage.join("new.db");
    const refused = await stage.run(["migrate", "--to", to]);
    assert.equal(refused.code, 4);
    assert.match(
      refused.stderr,
      /1 worker of \S+ runs .* to stop it: queuectl --db \S+ worker stop\n$/,
    );
    worker.kill("SIGKILL");
    await worker.ended();
    await stage.ok("migrate", "--to", to);
    // What is left of the job was ended before anything was moved.
    await stage.isEmpty();
    await Deno.writeTextFile(stage.join("moved"), "");
    await stage.ok("--db", to, "worker", "start", "--drain");
    assert.deepEqual(stage.lines("runs"), ["1", "2"]);
    assert.equal(await stage.ok("--db", to, "logs", "busy", "--attempt=1"), "out\n");
    assert.equal(await stage.ok("--db", to, "logs", "busy"), "out\n");
  },
  { vias: ["source"], stores: ["sqlite", "postgres"] },
);

flow("migrate: no password is shown, neither of the one store nor of the other", async (stage) => {
  await using schema = await TestSchema.named();
  const { password } = new URL(schema.url);
  assert.ok(password.length > 3);
  await stage.enqueue("true", "--id=one");
  const shown: string[] = [];
  const see = async (code: number, ...args: string[]) => {
    const ended = await stage.run(args);
    assert.equal(ended.code, code, ended.stderr);
    shown.push(ended.stdout, ended.stderr);
  };
  await see(0, "migrate", "--to", schema.url);
  await see(5, "list");
  await see(0, "migrate", "--to", schema.url, "--json");
  await see(4, "migrate", "--to", stage.join("another.db"));
  await see(0, "migrate", "--from", schema.url, "--to", stage.join("back.db"), "--json");
  await see(5, "list", "--db", schema.url);
  await see(0, "migrate", "--reopen", schema.url);
  await see(4, "migrate", "--reopen", schema.url);
  await see(0, "show", "one", "--db", stage.join("back.db"));
  assert.ok(!shown.join("").includes(password), shown.join(""));
}, { vias: ["source"] });
