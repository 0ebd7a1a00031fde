/**
 * A process that opens a store when it is told to, and enqueues a job: `opener.ts MODE PATH ID`. It says
 * `ready`, goes on when its stdin ends, and says `stored`. As the program of the future it has more steps.
 *
 * @module
 */

import { MIGRATIONS } from "../../../src/store/sqlite/migrations.ts";
import { openSqlite } from "../open_sqlite.ts";
import { newJob } from "../../job/jobs.ts";
import { NEXT, SLOW } from "./steps.ts";

const [mode, path, id] = Deno.args as ["make" | "update" | "slow", string, string];
const more = { make: [], update: NEXT, slow: [SLOW] }[mode];
console.log("ready");
for await (const _ of Deno.stdin.readable);
await using store = await openSqlite(path, {
  create: true,
  migrations: [...MIGRATIONS, ...more],
});
await store.enqueue([newJob(id)]);
console.log("stored");
