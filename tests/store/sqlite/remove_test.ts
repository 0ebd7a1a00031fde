import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { newJob } from "../../job/jobs.ts";
import { chunk, COMPLETED, Scene } from "../scene.ts";
import { emptyPlace } from "./place.ts";

Deno.test("remove: no row of the job stays in the file", async () => {
  await using place = await emptyPlace();
  await using scene = await Scene.set((surroundings) =>
    Promise.resolve({
      open: () => place.open({ surroundings }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  );
  await scene.store.enqueue([newJob("a"), newJob("b")]);
  const worker = await scene.worker("w");
  for (const claim of await worker.claim(2)) {
    const chunks = [chunk(claim.token, 0, "text")];
    await worker.tick({ ended: [worker.end(claim, COMPLETED, { chunks })] });
  }
  await scene.store.remove("a", ["completed"]);
  await scene.store.removeEnded({ states: ["completed"], before: scene.now + 1 });
  const connection = new DatabaseSync(place.path);
  try {
    for (const table of ["job", "attempt", "output"]) {
      const row = connection.prepare(`SELECT count(*) AS left FROM ${table}`).get();
      assert.equal(row?.left, 0, table);
    }
  } finally {
    connection.close();
  }
});
