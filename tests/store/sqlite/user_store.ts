/**
 * A process of some user that uses a store: `user_store.ts PATH ID` enqueues a job there, with a worker that
 * has answered its doorbell, and prints what it can see, or why it cannot.
 *
 * @module
 */

import { StoreError } from "../../../src/errors.ts";
import { openSqlite } from "../open_sqlite.ts";
import { newJob } from "../../job/jobs.ts";

const [path, id] = Deno.args as [string, string];
try {
  await using store = await openSqlite(path, { create: true });
  await store.enqueue([newJob(id)]);
  console.log(JSON.stringify({ ids: (await store.jobs({})).map(({ id }) => id).toSorted() }));
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  console.log(JSON.stringify({ refused: error.message }));
}
