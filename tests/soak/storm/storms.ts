/**
 * Storms: very many jobs of which each has to be moved at the same moment.
 *
 * @module
 */

import { newJob } from "../../job/jobs.ts";
import type { NewJob } from "../../../src/job/job.ts";
import type { State } from "../../../src/job/state.ts";
import { MAX_BATCH } from "../../../src/store/store.ts";
import { after, COMPLETED, FAILED, launchers, type Scene, type Worker } from "../../store/scene.ts";

/** A kind of storm. */
export interface Storm {
  /** The state in which the jobs wait for it. */
  readonly from: State;
  /** Brings so many jobs into that state, and then what moves them all. */
  raise(scene: Scene, worker: Worker, jobs: number): Promise<void>;
}

/** One queue for all: it is looked into. */
const QUEUE = "storm";
const DELAY = 60_000;
/** A tick of a worker with so many slots settles them together. */
const FAILURES_PER_TICK = 1000;

/** All of them, by name. */
export const STORMS: Readonly<Record<string, Storm>> = {
  failed: {
    from: "failed",
    async raise(scene, worker, jobs) {
      await enqueue(scene, jobs, { maxRetries: 1, backoffBase: 2, backoffJitter: 0 });
      let ended: Parameters<Worker["end"]>[0][] = [];
      do {
        const { claimed } = await worker.tick({
          free: launchers(FAILURES_PER_TICK),
          ended: ended.map((claim) => worker.end(claim, FAILED)),
        });
        ended = [...claimed];
      } while (ended.length > 0);
      scene.advance(DELAY);
    },
  },
  scheduled: {
    from: "scheduled",
    async raise(scene, _, jobs) {
      await enqueue(scene, jobs, { runAt: scene.now + DELAY });
      scene.advance(DELAY);
    },
  },
  freed: {
    from: "blocked",
    raise: (scene, worker, jobs) => endParent(scene, worker, jobs, COMPLETED),
  },
  cancelled: {
    from: "blocked",
    raise: (scene, worker, jobs) => endParent(scene, worker, jobs, FAILED),
  },
};

async function endParent(
  scene: Scene,
  worker: Worker,
  jobs: number,
  outcome: typeof COMPLETED,
): Promise<void> {
  await scene.enqueue("parent", { queue: QUEUE, priority: 1000 });
  await enqueue(scene, jobs, { after: after("parent") });
  await worker.run(outcome);
}

async function enqueue(scene: Scene, jobs: number, fields: Partial<NewJob>): Promise<void> {
  for (let from = 0; from < jobs; from += MAX_BATCH) {
    const count = Math.min(MAX_BATCH, jobs - from);
    await scene.store.enqueue(
      Array.from(
        { length: count },
        (_, n) => newJob(`job-${from + n}`, { queue: QUEUE, ...fields }),
      ),
    );
  }
}
