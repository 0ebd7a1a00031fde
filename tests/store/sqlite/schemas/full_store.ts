/**
 * A store with something of everything: what a released version is remembered by.
 *
 * @module
 */

import type { Store } from "../../../../src/store/store.ts";
import { newJob } from "../../../job/jobs.ts";
import { firing, MINUTE, newSchedule } from "../../conformance/schedule_in.ts";
import { after, chunk, COMPLETED, ENDED, FAILED, type Scene } from "../../scene.ts";

/** Text that has to be stored as it is. */
const ODD = "printf 'it''s \"odd\" %s\\n' \"ü 日本\"\necho 'second line'";

/** Fills a store by its port: jobs in every state, attempts, output, schedules, queues, settings, workers. */
export async function fillStore(scene: Scene): Promise<void> {
  const { store } = scene;
  await store.configure("lease", "60s");
  await store.configureQueue("limited", { limit: 2, rate: { count: 5, period: MINUTE } }, {
    create: true,
  });
  await store.configureQueue("paused", { paused: true }, { create: true });
  const worker = await scene.worker("worker-1", { queues: ["default", "limited"] });
  await runSome(scene, worker);
  await store.enqueue([
    newJob("held", { held: true, cwd: "/srv/data", fatalExitCodes: [2, 64] }),
    newJob("scheduled", { runAt: scene.now + 90 * MINUTE }),
    newJob("blocked", { after: after("running", { id: "scheduled", on: "any" }) }),
    newJob("pending", { command: ODD, queue: "paused", priority: 10, timeout: 90_000 }),
    newJob("unique", { uniqueKey: "only one", tags: ["nightly", "it's"] }),
    newJob("with-env", { env: { NAME: 'the value\'s "secret"' }, stdin: "line 1\nline 2" }),
  ]);
  await store.addSchedule(newSchedule(scene, {
    name: "off",
    spec: '{"command":"date","env":{"A":"b"}}',
    nextAt: null,
  }));
  await store.pauseSchedule("off", true);
  await scene.worker("worker-2", { process: { pid: 101, startTime: "1001" } });
  await store.requestStop(["worker-2"], "drain");
}

type Member = Awaited<ReturnType<Scene["worker"]>>;

/** What has run already, and what runs. */
async function runSome(scene: Scene, worker: Member): Promise<void> {
  const { store } = scene;
  const run = async (id: string, outcome: typeof FAILED | typeof COMPLETED, text: string) => {
    const claim = await worker.claimOne();
    if (claim.jobId !== id) throw new Error(`${id} was expected, ${claim.jobId} came`);
    scene.advance(1500);
    const chunks = text === "" ? [] : [chunk(claim.token, 0, text)];
    await worker.tick({
      ended: [worker.end(claim, outcome, { chunks, outputBytes: text.length })],
    });
  };
  await scene.enqueue("completed", { queue: "limited", backoffJitter: 0.25, backoffBase: 1.5 });
  await run("completed", COMPLETED, "all is well\n");
  await scene.enqueue("dead", { fatalExitCodes: [1] });
  await run("dead", FAILED, "what went wrong: ü\n");
  await scene.enqueue("orphaned");
  await scene.enqueue("child", { after: after("orphaned") });
  await store.cancel("orphaned");
  await scene.enqueue("twice");
  await run("twice", FAILED, "once\n");
  await store.retry("twice", ["dead"]);
  await run("twice", COMPLETED, "twice\n");
  await scene.enqueue("failed", { maxRetries: 5 });
  await run("failed", FAILED, "again\n");
  await fireOnce(scene, worker);
  await scene.enqueue("ended");
  const ended = await worker.claimOne();
  await store.cancel("ended");
  await worker.settle([ended], ENDED);
  await scene.enqueue("running", { queue: "limited" });
  const running = await worker.claimOne();
  await worker.tick({ output: [{ ...running, chunk: chunk(running.token, 0, "so far\n") }] });
  await store.reportProgress(running, { percent: 40, message: "40 of 100" });
  await scene.enqueue("to-be-ended");
  await worker.claimOne();
  await store.cancel("to-be-ended");
  // Of a brief tick the statistics are not added up yet.
  await scene.enqueue("brief");
  const brief = await worker.claimOne();
  scene.advance(250);
  await worker.tickBriefly({ ended: [worker.end(brief, COMPLETED)] });
}

async function fireOnce(scene: Scene, worker: Member): Promise<void> {
  await scene.store.addSchedule(newSchedule(scene, { nextAt: scene.now }));
  await worker.tick({
    firings: [firing(scene, [scene.now], {
      jobs: [newJob("fired", { schedule: "tick", fireTime: scene.now })],
    })],
  });
  await worker.run(COMPLETED);
}

/** All that the port shows of a store; bytes as text. */
export async function readStore(store: Store) {
  const decoder = new TextDecoder();
  const jobs = await Promise.all((await store.jobs({})).map(async (job) => {
    const attempts = await store.attempts(job.id);
    const output = await Promise.all(
      attempts.map(async ({ attempt }) =>
        (await store.output(job.id, attempt, 0)).map((piece) => ({
          ...piece,
          bytes: decoder.decode(piece.bytes),
        }))
      ),
    );
    return { ...job, attemptLog: attempts, output };
  }));
  const { workers, queues } = await store.status();
  const settings = Object.fromEntries(await store.settings());
  const totals = (await store.totals()).map((ended) => ({
    ...ended,
    durations: Object.fromEntries(ended.durations),
  }));
  return { settings, queues, workers, schedules: await store.schedules(), jobs, totals };
}
