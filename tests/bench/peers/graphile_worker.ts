/**
 * graphile-worker.
 *
 * @module
 */

import { PostgresSession } from "../../toolchain/postgres_session.ts";
import type { Contender, Open } from "../postgres/contender.ts";
import { peerModule } from "./module.ts";

/** What is used of the package. */
interface GraphileWorker {
  readonly Logger: new (factory: () => () => void) => unknown;
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJob(task: string): Promise<unknown>;
    addJobs(jobs: readonly object[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
}

const TASK = "nothing";
const SCHEMA = "graphile_worker";

/** As its documentation measures itself: the most that it can do. */
const FASTEST = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

/** Without batches: as it comes, but for the jobs at once, which would be one. */
const PLAIN = { concurrentJobs: 24, maxPoolSize: 25 };

/** With the settings of {@linkcode FASTEST}. */
export const openFastest: Open = (url) => open(url, FASTEST);
/** With those of {@linkcode PLAIN}. */
export const openPlain: Open = (url) => open(url, PLAIN);

async function open(url: string, settings: object): Promise<Contender> {
  const { Logger, makeWorkerUtils, run } = await peerModule<GraphileWorker>(
    "graphile-worker",
  );
  const common = { connectionString: url, logger: new Logger(() => () => {}) };
  const utils = await makeWorkerUtils(common);
  const session = await PostgresSession.open(url, SCHEMA);
  return {
    async fill(jobs) {
      await session.script(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
      await utils.migrate();
      await utils.addJobs(
        Array.from({ length: jobs }, () => ({ identifier: TASK, payload: {} })),
      );
      await session.script("VACUUM ANALYZE _private_jobs");
    },
    async add() {
      await utils.addJob(TASK);
    },
    async isDone() {
      return (await session.ask("SELECT 1 FROM _private_jobs LIMIT 1"))
        .length === 0;
    },
    async pull(handle) {
      const runner = await run({
        preset: { worker: { ...settings, ...common } },
        taskList: { [TASK]: () => handle(1) },
        parsedCronItems: [],
        noHandleSignals: true,
      });
      return { [Symbol.asyncDispose]: () => runner.stop() };
    },
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await utils.release();
    },
  };
}
