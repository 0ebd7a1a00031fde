import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { newJob } from "../../job/jobs.ts";
import { COMPLETED, Scene } from "../scene.ts";
import { emptyPlace } from "./place.ts";

Deno.test("tick: what brief ticks write down for the statistics is added up now and then", async () => {
  await using place = await emptyPlace();
  await using scene = await Scene.set((surroundings) =>
    Promise.resolve({
      open: () => place.open({ surroundings }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  );
  const JOBS = 600;
  await scene.store.enqueue(Array.from({ length: JOBS }, (_, i) => newJob(`j${i}`)));
  const worker = await scene.worker("w");
  for (const claim of await worker.claim(JOBS)) {
    await worker.tickBriefly({ ended: [worker.end(claim, COMPLETED)] });
  }
  const [total] = await scene.store.totals();
  assert.equal(total?.count, JOBS);
  const connection = new DatabaseSync(place.path, { readOnly: true });
  try {
    const { lists } = connection.prepare("SELECT count(*) AS lists FROM ended_attempts").get()!;
    assert.ok(Number(lists) < 250, `${lists} lists`);
  } finally {
    connection.close();
  }
});
