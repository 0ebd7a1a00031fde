/**
 * A process that prunes a store as `prune` would, of all jobs that have completed so far, and says how
 * many there were: `pruner.ts STORE`.
 *
 * @module
 */

import { openSqlite } from "../../store/open_sqlite.ts";

await using store = await openSqlite(Deno.args[0]!, { create: false });
console.log(await store.removeEnded({ states: ["completed"], before: Date.now() }));
