import type { NewJob } from "../../../src/job/job.ts";
import type { State } from "../../../src/job/state.ts";
import { after, COMPLETED, FAILED, type Scene } from "../scene.ts";

/** Brings a new job, in a queue of its own, into a state by the ways of the port; its id. */
export async function jobIn(
  scene: Scene,
  state: State,
  overrides: Partial<NewJob> = {},
): Promise<string> {
  const id = overrides.id ?? scene.newId(state);
  const queue = `queue-${id}`;
  const give = (more: Partial<NewJob> = {}) => scene.enqueue(id, { queue, ...overrides, ...more });
  switch (state) {
    case "held":
      await give({ held: true });
      return id;
    case "blocked": {
      const parent = scene.newId("parent");
      await scene.enqueue(parent, { held: true });
      await give({ after: after(parent) });
      return id;
    }
    case "scheduled":
      await give({ delay: 3_600_000 });
      return id;
    case "pending":
      await give();
      return id;
    case "cancelled":
      await give();
      await scene.store.cancel(id);
      return id;
  }
  await give(state === "failed" ? { maxRetries: 1 } : {});
  const worker = await scene.worker(`worker-${id}`, { queues: [overrides.queue ?? queue] });
  const claim = await worker.claimOne();
  if (state !== "processing") {
    await worker.settle([claim], state === "completed" ? COMPLETED : FAILED);
  }
  return id;
}
