/** What commands print of a store in PostgreSQL is what they print of one in a file, to the letter. */

import assert from "node:assert/strict";
import { tempDir } from "../helpers/temp_dir.ts";
import { TestSchema } from "../toolchain/postgres_session.ts";
import { queuectl } from "./any_store.ts";

/** A command line, or one with what it reads. */
type Step = readonly string[] | { readonly args: readonly string[]; readonly stdin: string };

const IMPORTED = [
  {
    ...{ id: "old", command: "true", state: "completed", attempts: 1, runs: 1 },
    ...{ created_at: "2026-01-01T00:00:00Z", finished_at: "2026-01-02T00:00:00Z" },
  },
  { id: "new", command: "true", tags: ["ünï"] },
].map((job) => `${JSON.stringify(job)}\n`).join("");

/** What a new user might try, what is refused included. */
const STEPS: readonly Step[] = [
  ["enqueue", "--hold", "--id", "first", "--", "true"],
  ["show", "nobody"],
  ["config", "set", "default_max_retries", "1"],
  ["config", "set", "lease", "1s"],
  ["enqueue", "--id", "a", "--json", "--", "echo hello"],
  [
    ...["enqueue", "--id", "b", "--priority", "high", "--tag", "x", "--tag", "y", "--env", "A=1"],
    ...["--timeout", "60s", "--unique-key", "k", "--max-retries", "0", "--", "echo o; exit 3"],
  ],
  ["enqueue", "--id", "a", "--", "true"],
  ["enqueue", "--unique-key", "k", "--", "true"],
  ["enqueue", "--unique-key", "k", "--if-exists", "return", "--", "true"],
  {
    args: ["enqueue", "--id", "c", "--after", "a", "--stdin-file", "-", "--", "cat"],
    stdin: "in\0",
  },
  ["enqueue", "--id", "d", "--after", "b", "--queue", "media", "--", "true"],
  ["enqueue", "--id", "e", "--after", "b=notok", "--", "printf '\\303\\251\\000\\377' >&2"],
  ["enqueue", "--id", "later", "--run-at", "2100-01-01T00:00:00Z", "--", "true"],
  { args: ["enqueue"], stdin: '{"id":"l1","command":"true"}\n{"id":"l2","command":"fal' },
  { args: ["enqueue", "--json"], stdin: '[{"id":"l1","command":"true"},{"command":"a\\u0000"}]' },
  {
    args: ["enqueue", "--json"],
    stdin: '{"id":"big","command":"true","max_retries":9007199254740991}',
  },
  ["list", "--json"],
  ["list", "--state", "blocked,held", "--sort", "priority", "--json"],
  ["list", "--tag", "x", "--limit", "3", "--json"],
  ...["b", "c", "d", "first", "later"].map((id) => ["explain", id, "--json"]),
  ["queue", "set", "media", "--limit", "1", "--rate", "100/h"],
  ["queue", "pause", "media"],
  ["queue", "pause", "nobody"],
  ["queue", "--json"],
  ["schedule", "add", "yearly", "--cron", "30 2 1 7 *", "--tz", "Europe/Berlin", "--", "./run"],
  ["schedule", "add", "yearly", "--cron", "30 2 1 7 *", "--", "./run"],
  ["schedule", "pause", "yearly"],
  ["schedule", "--json"],
  ["worker", "start", "--drain", "--name", "w", "--log-level", "error"],
  ["list", "--json"],
  ...["a", "b", "c", "e"].map((id) => ["show", id, "--json"]),
  ...["a", "b", "c", "e"].map((id) => ["logs", id]),
  ["logs", "e", "--json"],
  ["status", "--json"],
  ["status"],
  ["dlq", "--json"],
  ["explain", "b", "--json"],
  ["wait", "a", "b", "--json"],
  ["wait", "later", "--timeout", "0.001"],
  ["metrics"],
  ["export"],
  ["edit", "later", "--priority", "5", "--json"],
  ["release", "first"],
  ["cancel", "later", "first", "nobody", "--json"],
  ["retry", "a", "b", "nobody", "--json"],
  ["delete", "d", "c", "--json"],
  ["dlq", "retry", "b"],
  ["dlq", "purge", "--all", "--json"],
  ["prune", "--state", "completed", "--older-than", "0", "--json"],
  { args: ["import", "-", "--dry-run"], stdin: IMPORTED },
  { args: ["import", "-", "--json"], stdin: IMPORTED },
  { args: ["import", "-"], stdin: IMPORTED },
  ["list", "--json"],
  ["config", "--json"],
  ["schedule", "remove", "yearly"],
  ["worker", "list", "--json"],
  ["worker", "stop"],
  ["migrate", "--reopen", "STORE"],
];

Deno.test("every command prints of a store in PostgreSQL what it prints of one in a file", async () => {
  await using schema = await TestSchema.named();
  const [file, server] = await Promise.all([
    play((home) => `${home}/queue.db`),
    play(() => schema.url),
  ]);
  const pairs = STEPS.map((step, index) => ({ step, server: server[index], file: file[index] }));
  const different = pairs.filter(({ server, file }) => server !== file);
  assert.deepEqual(
    different.map(({ step, server }) => [step, server]),
    different.map(({ step, file }) => [step, file]),
  );
});

/** What each step prints on a new store, but for the store's name, ids of this run, and times. */
async function play(place: (home: string) => string): Promise<readonly string[]> {
  await using home = await tempDir();
  const store = place(home.path);
  const printed: string[] = [];
  for (const step of STEPS) {
    const { args, stdin } = "args" in step ? step : { args: step, stdin: "" };
    const words = args.map((word) => word === "STORE" ? store : word);
    const { code, stdout, stderr } = await queuectl(home.path, ["--db", store, ...words], stdin);
    const shown = store.replace(/:\w+@/, "@");
    printed.push(
      `${code}\n${stdout}${stderr}`.replaceAll(shown, "STORE")
        .replaceAll(/"cwd":(?:null|"[^"]*"),?|,"cwd":"[^"]*"/g, "")
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
        .replaceAll(/\b\d\d:\d\d:\d\d\b/g, "CLOCK")
        .replaceAll(/\(in \w+( \w+)?\)/g, "(in TIME)")
        .replaceAll(/\bw-[0-9a-f]{6}\b/g, "WORKER")
        .replaceAll(/\d+(?:\.\d+)?m?s\b/g, "SECONDS")
        .replaceAll(
          /(?<=(?:_sum|_age_seconds|_bucket)\S* |"oldest_pending_seconds":)[\d.e-]+/g,
          "N",
        ),
    );
  }
  return printed;
}
