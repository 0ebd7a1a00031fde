/**
 * A full store with what a dashboard shows besides: queues, errors that differ, and the statistics of a day.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { makeFullStore } from "./full_store.ts";

/** How many queues it has. */
export const BUSY_QUEUES = 5;

/** How many errors the dead jobs have. */
const ERRORS = 50;

/** As `statistics.ts` of the store keeps them: minutes of a day, quarters of eight, and in total. */
const FILL_STATISTICS = `
INSERT INTO statistic (step, at, queue, outcome, bucket, attempts, duration)
WITH RECURSIVE
  length (step, steps) AS (VALUES (60000, 25 * 60), (900000, 8 * 96), (0, 1)),
  place (step, n, steps) AS (SELECT step, 0, steps FROM length
    UNION ALL SELECT step, n + 1, steps FROM place WHERE n + 1 < steps),
  queue (name, n) AS (VALUES ('', -1)
    UNION ALL SELECT 'queue-' || (n + 1), n + 1 FROM queue WHERE n + 1 < ${BUSY_QUEUES}),
  ending (outcome) AS (VALUES ('completed'), ('failed')),
  bucket (n) AS (SELECT 20 UNION ALL SELECT n + 1 FROM bucket WHERE n < 29)
SELECT step, iif(step = 0, 0, (? / step - place.n) * step), name, outcome, bucket.n, 10, 10000
FROM place CROSS JOIN queue CROSS JOIN ending CROSS JOIN bucket WHERE step > 0 OR name <> ''`;

/** Makes a store with so many jobs. */
export async function makeBusyStore(path: string, jobs: number): Promise<void> {
  await makeFullStore(path, { jobs, queues: BUSY_QUEUES });
  const connection = new DatabaseSync(path);
  connection.exec("PRAGMA synchronous = OFF; BEGIN");
  connection.exec(
    `UPDATE job SET error = 'exit code ' || (1 + seq % ${ERRORS}) WHERE state = 'dead'`,
  );
  connection.prepare(FILL_STATISTICS).run(Date.now());
  connection.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  connection.close();
  using file = await Deno.open(path, { write: true });
  await file.syncData();
}
