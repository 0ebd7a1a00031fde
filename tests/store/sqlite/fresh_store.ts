/**
 * A process that opens a store, which it makes if it is missing, and enqueues jobs; with `die`, it
 * kills itself the moment the store has accepted them.
 *
 * @module
 */

import { openSqlite } from "../open_sqlite.ts";
import { newJob } from "../../job/jobs.ts";

const [path, prefix, die] = Deno.args;
const store = await openSqlite(path!, { create: true });
for (let index = 0; index < 5; index++) {
  await store.enqueue([newJob(`${prefix}-${index}`)]);
}
if (die === "die") Deno.kill(Deno.pid, "SIGKILL");
await store[Symbol.asyncDispose]();
