/** A store that a newer program has made or updated: no command touches it. */

import { deepStrictEqual, match } from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../src/store/sqlite/migrations.ts";
import { Queue } from "./queue.ts";

const KNOWN = MIGRATIONS.length;

const COMMANDS: readonly (readonly string[])[] = [
  ["enqueue", "--", "true"],
  ["list"],
  ["status", "--json"],
  ["show", "job"],
  ["logs", "job"],
  ["explain", "job"],
  ["cancel", "job"],
  ["retry", "job"],
  ["delete", "job"],
  ["edit", "job", "--priority", "5"],
  ["prune", "--state", "completed"],
  ["dlq", "list"],
  ["queue", "list"],
  ["queue", "pause", "default"],
  ["schedule", "list"],
  ["schedule", "add", "s", "--cron", "* * * * *", "--", "true"],
  ["config", "list"],
  ["config", "set", "lease", "60s"],
  ["worker", "start", "--drain"],
  ["worker", "list"],
  ["worker", "stop"],
  ["export"],
];

Deno.test("every command refuses the store of a newer program with exit code 5", async () => {
  await using queue = await Queue.open();
  await queue.add("job");
  sql(queue.path, `INSERT INTO migration VALUES (${KNOWN + 1}, 0)`);
  for (const args of COMMANDS) {
    const { code, stdout, stderr } = await queue.cli(...args);
    deepStrictEqual({ args, code, stdout }, { args, code: 5, stdout: "" });
    match(
      stderr,
      new RegExp(
        `^queuectl: The store \\S+ was made or updated by a newer queuectl \\(schema ${
          KNOWN + 1
        }, ` +
          `this program knows ${KNOWN}\\): update queuectl\n$`,
      ),
    );
  }
  // The codes from 3 to 5 are the job's.
  for (const args of [["run", "--", "true"], ["wait", "job"]]) {
    const { code, stdout } = await queue.cli(...args);
    deepStrictEqual([code, stdout], [125, ""]);
  }
  // With the program that knows it, all is as it was.
  sql(queue.path, `DELETE FROM migration WHERE version > ${KNOWN}`);
  deepStrictEqual((await queue.store.jobs({})).map(({ id, state }) => [id, state]), [
    ["job", "pending"],
  ]);
  deepStrictEqual(await queue.store.schedules(), []);
});

function sql(path: string, text: string): void {
  const connection = new DatabaseSync(path);
  connection.exec(text);
  connection.close();
}
