/**
 * pg-boss.
 *
 * @module
 */

import { PostgresSession } from "../../toolchain/postgres_session.ts";
import type { Contender, Open } from "../postgres/contender.ts";
import { peerModule } from "./module.ts";

/** What is used of the package. */
interface PgBoss {
  on(event: "error", heard: (error: Error) => void): void;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string, options: object): Promise<void>;
  insert(name: string, jobs: readonly object[]): Promise<unknown>;
  send(name: string): Promise<unknown>;
  work(
    name: string,
    options: object,
    handle: (jobs: unknown[]) => Promise<void>,
  ): Promise<unknown>;
  fetch(name: string): Promise<readonly { readonly id: string }[]>;
  complete(name: string, id: string): Promise<unknown>;
}

interface Package {
  readonly PgBoss: new (options: object) => PgBoss;
}

const QUEUE = "nothing";
const SCHEMA = "pgboss";
/** Jobs that are inserted at once. */
const BATCH = 5000;

/** The workers of the package, with what makes them fetch without a pause: the most that was seen of it. */
const FASTEST = {
  batchSize: 500,
  burstWhenBatchFull: true,
  pollingIntervalSeconds: 0.5,
};

/** Without batches its workers pause after each job, so these fetch and complete one by one by themselves. */
const LOOPS = 10;
/** How long one waits that found nothing, milliseconds. */
const PAUSE = 20;

/** Begins to do jobs. */
type Pull = (boss: PgBoss, handle: (jobs: number) => void) => Promise<AsyncDisposable>;

/** Its workers, with the settings of {@linkcode FASTEST}. */
export const openFastest: Open = (url) =>
  open(url, async (boss, handle) => {
    await boss.work(QUEUE, FASTEST, (jobs) => {
      handle(jobs.length);
      return Promise.resolve();
    });
    return { [Symbol.asyncDispose]: () => Promise.resolve() };
  });

/** Loops of `fetch` and `complete`. */
export const openPlain: Open = (url) =>
  open(url, (boss, handle) => {
    let isOver = false;
    const loop = async () => {
      while (!isOver) {
        const [job] = await boss.fetch(QUEUE);
        if (job === undefined) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE));
        } else {
          handle(1);
          await boss.complete(QUEUE, job.id);
        }
      }
    };
    const all = Promise.all(Array.from({ length: LOOPS }, loop));
    return Promise.resolve({
      async [Symbol.asyncDispose]() {
        isOver = true;
        await all;
      },
    });
  });

async function open(url: string, pull: Pull): Promise<Contender> {
  const { PgBoss } = await peerModule<Package>("pg-boss");
  const session = await PostgresSession.open(url, SCHEMA);
  let boss: PgBoss | null = null;
  const started = async () => {
    if (boss !== null) return boss;
    boss = new PgBoss({
      connectionString: url,
      useListenNotify: true,
      schedule: false,
    });
    boss.on("error", console.error);
    await boss.start();
    return boss;
  };
  return {
    async fill(jobs) {
      await session.script(`DROP SCHEMA IF EXISTS ${SCHEMA} CASCADE`);
      const own = await started();
      await own.createQueue(QUEUE, { notify: true });
      for (let from = 0; from < jobs; from += BATCH) {
        await own.insert(
          QUEUE,
          Array.from({ length: Math.min(BATCH, jobs - from) }, () => ({})),
        );
      }
      await session.script("VACUUM ANALYZE job");
    },
    async add() {
      await (await started()).send(QUEUE);
    },
    async isDone() {
      const left = "SELECT 1 FROM job WHERE name = ? AND state < 'completed' LIMIT 1";
      return (await session.ask(left, QUEUE)).length === 0;
    },
    pull: async (handle) => await pull(await started(), handle),
    async [Symbol.asyncDispose]() {
      await boss?.stop({ graceful: false });
      await session[Symbol.asyncDispose]();
    },
  };
}
