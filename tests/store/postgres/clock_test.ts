import assert from "node:assert/strict";
import { resolveConfig } from "../../../src/config.ts";
import { Events } from "../../../src/observe/events.ts";
import { PostgresEngine } from "../../../src/store/postgres/postgres_engine.ts";
import { SqlStore } from "../../../src/store/sql/sql_store.ts";
import type { Store } from "../../../src/store/store.ts";
import { currentHost } from "../../../src/worker/host.ts";
import { Supervisor } from "../../../src/worker/supervisor.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { newJob } from "../../job/jobs.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";

const HOUR = 3_600_000;

Deno.test("Supervisor notes all times by the clock of a server that is an hour ahead", async () => {
  await using folder = await tempDir();
  await using schema = await TestSchema.named();
  const surroundings = { now: () => Date.now() + HOUR };
  await using store = new SqlStore(
    await PostgresEngine.open(schema.url, { create: true, surroundings }),
  );
  const here: Store = new Proxy(store, {
    get(target, key) {
      if (key === "directory") return folder.path;
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await store.enqueue([newJob("job", { command: "echo out; sleep 0.3" })]);
  const config = resolveConfig(await store.settings());
  await new Supervisor(here, new Events(), {
    ...{ name: "w", host: currentHost(), slots: 1, threads: 1, queues: null, drainWait: 0 },
    ...{ singleton: false, insideJob: null, shutdownGrace: null, config },
  }).run();
  const { createdAt, startedAt, finishedAt } = (await store.job("job"))!;
  const [{ time } = { time: 0 }] = await store.output("job", 1, 0);
  const times = [createdAt, startedAt!, time, finishedAt!];
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  assert.ok(finishedAt! - startedAt! >= 250 && finishedAt! - startedAt! < HOUR / 2, String(times));
});
