import {
  deepStrictEqual,
  match,
  ok,
  partialDeepStrictEqual,
  strictEqual,
} from "node:assert/strict";
import { TestSchema } from "../toolchain/postgres_session.ts";
import { Queue } from "./queue.ts";

/** A store with two jobs, one of which has run, and no worker. */
async function calmQueue(): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  await queue.ran("a", 0, ["stdout", "out\n"]);
  await queue.add({ id: "b", env: { SECRET: "s3cret" } });
  await queue.store.leave("w1");
  return queue;
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

Deno.test("migrate says what it moved; the old store says where that is, until --reopen", async () => {
  await using queue = await calmQueue();
  const [from, to] = [queue.path, `${queue.directory}/new/q.db`];
  const moved = await queue.cli("migrate", "--to", "new/q.db");
  deepStrictEqual([moved.code, moved.stdout], [0, `Moved 2 jobs from ${from} to ${to}\n`]);
  match(moved.stderr, /find it by --db or QUEUECTL_DB; the old store stays as a backup/);
  strictEqual((await queue.cli("--db", to, "logs", "a")).stdout, "out\n");
  for (
    const args of [["list"], ["enqueue", "--", "true"], ["worker", "start"], ["config", "list"]]
  ) {
    const { code, stdout, stderr } = await queue.cli(...args);
    deepStrictEqual([code, stdout], [5, ""], args.join(" "));
    strictEqual(
      stderr.trimEnd().replace(/ at \S+Z /, " at TIME "),
      `queuectl: The store ${from} was moved to ${to} at TIME and is a backup; to work on it again: ` +
        `queuectl migrate --reopen ${from}`,
    );
  }
  const doctor = await queue.cli("doctor");
  match(doctor.stdout, /was moved to/);
  const reopened = await queue.cli("migrate", "--reopen", from);
  deepStrictEqual([reopened.code, reopened.stdout], [0, `${from} can be used again\n`]);
  strictEqual(reopened.stderr, `Do not use ${to} any more: the same jobs would run from both\n`);
  strictEqual((await queue.cli("list")).code, 0);
});

Deno.test("migrate --json prints one value, and again the same where it is done", async () => {
  await using queue = await calmQueue();
  const [from, to] = [queue.path, `${queue.directory}/new.db`];
  for (const resumed of [false, true]) {
    const { code, stdout, stderr } = await queue.cli(
      "migrate",
      "--from",
      from,
      "--to",
      to,
      "--json",
    );
    deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
    deepStrictEqual(JSON.parse(stdout), { from, to, jobs: 2, resumed });
  }
  const reopened = await queue.cli("migrate", "--reopen", from, "--json");
  deepStrictEqual(JSON.parse(reopened.stdout), { reopened: from, other: to });
});

Deno.test("migrate refuses while a worker runs, on either side, and changes nothing", async () => {
  await using queue = await calmQueue();
  const to = `${queue.directory}/new.db`;
  await queue.join("w2");
  await queue.join("w3", { host: "elsewhere", hostIdentity: "other" });
  const refused = await queue.cli("migrate", "--to", to);
  strictEqual(refused.code, 4);
  match(
    refused.stderr,
    /2 workers of \S+queue\.db run \(w2 on .*, w3 on elsewhere\); to stop them: /,
  );
  match(refused.stderr, /queuectl --db \S+queue\.db worker stop/);
  ok(!isThere(to), "the target was made");
  await queue.store.leave("w2");
  await queue.store.leave("w3");
  await using other = await Queue.open();
  await other.join("w4");
  const { code, stderr } = await queue.cli("migrate", "--to", other.path);
  strictEqual(code, 4);
  match(stderr, /1 worker of \S+ runs \(w4 on \S+\); to stop it: /);
  strictEqual((await queue.cli("list")).code, 0);
  strictEqual((await other.cli("list")).code, 0);
});

Deno.test("migrate refuses a job that runs with nobody to run it", async () => {
  await using queue = await calmQueue();
  await queue.join("w2");
  await queue.claim("w2");
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(queue.path);
  database.exec("DELETE FROM worker");
  database.close();
  const { code, stderr } = await queue.cli("migrate", "--to", "new.db");
  strictEqual(code, 4);
  match(stderr, /1 job of \S+ runs, and nobody knows where: see queuectl doctor/);
  strictEqual((await queue.cli("list")).code, 0);
});

Deno.test("migrate wants two stores, of which one is there and the other empty", async () => {
  await using queue = await calmQueue();
  await using other = await calmQueue();
  await Deno.writeTextFile(`${queue.directory}/text`, "not a database\n".repeat(100));
  for (
    const [args, code, message] of [
      [[], 2, /Say where the store is to be: queuectl migrate --to PATH\|URL/],
      [["--to", ""], 2, /--to must be a path or a URL, not empty/],
      [["--to", queue.path], 2, /cannot be moved to itself/],
      [["--to", `${queue.directory}/link.db`], 2, /cannot be moved to itself/],
      [
        ["--to", other.path],
        4,
        /is not empty \(2 jobs\), and a store is moved only to an empty one/,
      ],
      [["--from", "nothing.db", "--to", "new.db"], 5, /There is no store at \S+nothing\.db/],
      [["--to", `${queue.directory}/text`], 5, /text is not a queuectl store/],
      [["--from", `${queue.directory}/text`, "--to", "new.db"], 5, /text is not a queuectl store/],
      [["--reopen", queue.path, "--to", "new.db"], 2, /--reopen stands alone/],
      [["--reopen", queue.path], 4, /was not moved: there is nothing to do/],
      [["--reopen", "nothing.db"], 5, /There is no store at/],
    ] as const
  ) {
    if (args[1]?.endsWith("link.db")) await Deno.symlink(queue.path, args[1]);
    const ended = await queue.cli("migrate", ...args);
    deepStrictEqual([ended.code, ended.stdout], [code, ""], args.join(" "));
    match(ended.stderr, message);
  }
  ok(!isThere(`${queue.directory}/new.db`) && !isThere(`${queue.directory}/nothing.db`));
  strictEqual((await queue.cli("list")).code, 0);
});

Deno.test("migrate moves to a store that has only been made, and names what else is in one", async () => {
  await using queue = await calmQueue();
  await using other = await Queue.open();
  for (
    const [make, what, undo] of [
      [["config", "set", "lease", "40s"], "1 setting", ["config", "unset", "lease"]],
      [
        ["schedule", "add", "s", "--cron=@daily", "--", "true"],
        "1 schedule",
        ["schedule", "remove", "s"],
      ],
    ] as const
  ) {
    strictEqual((await other.cli(...make)).code, 0);
    const { code, stderr } = await queue.cli("migrate", "--to", other.path);
    strictEqual(code, 4);
    ok(stderr.includes(`(${what})`), stderr);
    strictEqual((await other.cli(...undo)).code, 0);
  }
  strictEqual((await queue.cli("migrate", "--to", other.path)).code, 0);
  strictEqual((await other.cli("show", "b")).code, 0);
});

Deno.test("migrate moves from one schema of a server to another one", async () => {
  await using queue = await Queue.open();
  await using from = await TestSchema.named();
  await using to = await TestSchema.named();
  strictEqual((await queue.cli("--db", from.url, "enqueue", "--id=a", "--", "true")).code, 0);
  const migrate = ["migrate", "--from", from.url, "--to"];
  match((await queue.cli(...migrate, from.url)).stderr, /cannot be moved to itself/);
  const { code, stdout, stderr } = await queue.cli(...migrate, to.url, "--json");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  partialDeepStrictEqual(JSON.parse(stdout), { jobs: 1, resumed: false });
  strictEqual((await queue.cli("--db", to.url, "show", "a")).code, 0);
  match((await queue.cli("--db", from.url, "list")).stderr, /was moved to postgres:/);
});
