import type { NewJob } from "../../../src/job/job.ts";
import type { State } from "../../../src/job/state.ts";
import { newJob } from "../../job/jobs.ts";
import { after, COMPLETED, ENDED, FAILED, LOST, type Scene, type Worker } from "../scene.ts";

/** Each way in which a job can end. */
export const ENDS: readonly {
  readonly how: string;
  readonly state: State;
  readonly bring: (scene: Scene, worker: Worker, id: string) => Promise<unknown>;
}[] = [
  { how: "completed", state: "completed", bring: (_, worker) => worker.run(COMPLETED) },
  { how: "failed for good", state: "dead", bring: (_, worker) => worker.run(FAILED) },
  { how: "lost with its worker", state: "dead", bring: (_, worker) => worker.run(LOST) },
  {
    how: "cancelled before its start",
    state: "cancelled",
    bring: (scene, _, id) => scene.store.cancel(id),
  },
  {
    how: "cancelled while it ran",
    state: "cancelled",
    async bring(scene, worker, id) {
      const claim = await worker.claimOne();
      await scene.store.cancel(id);
      await worker.settle([claim], ENDED);
    },
  },
];

/** Jobs of which each waits for the one before it. */
export function chainOf(length: number): NewJob[] {
  return Array.from(
    { length },
    (_, index) => newJob(`job-${index}`, index === 0 ? {} : { after: after(`job-${index - 1}`) }),
  );
}

/** So many jobs that wait for one. */
export function childrenOf(parent: string, count: number): NewJob[] {
  return Array.from(
    { length: count },
    (_, index) => newJob(`child-${index}`, { after: after(parent) }),
  );
}
