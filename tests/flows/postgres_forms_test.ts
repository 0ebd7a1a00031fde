/** A store in PostgreSQL in the forms of the program that other flows do not play with it. */

import assert from "node:assert/strict";
import { flow, type Stage } from "./stage.ts";

async function workThrough(stage: Stage): Promise<void> {
  await stage.enqueue("echo hello; cat", "--id", "first");
  await stage.enqueue("exit 3", "--id", "second", "--after", "first", "--max-retries", "0");
  await stage.ok("worker", "start", "--drain", "--log-level", "error");
  assert.equal((await stage.job("first")).state, "completed");
  assert.equal((await stage.job("second")).error, "exit code 3");
  assert.equal(await stage.ok("logs", "first"), "hello\n");
}

for (const via of ["executable", "oldest"] as const) {
  flow(`jobs run from a store in PostgreSQL by the program as ${via}`, workThrough, {
    vias: [via],
    stores: ["postgres"],
  });
}
