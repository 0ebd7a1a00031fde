import assert from "node:assert/strict";
import { BOTH_STORES, flow, type JobJson } from "./stage.ts";

flow("export and import: a worker goes on with the store of another machine", async (stage) => {
  // It runs until it finds that the other machine has taken over.
  const busy = 'echo "$QUEUECTL_ATTEMPT" >> runs; test -e moved || sleep 300';
  await stage.enqueue(busy, "--id", "busy", "--max-retries", "1", "--backoff-base", "0");
  const worker = await stage.worker(["--count", "1"]);
  await stage.untilLines("runs");
  await stage.enqueue("echo parent >> order", "--id", "parent", "--priority", "5");
  await stage.enqueue("echo child >> order", "--id", "child", "--after", "parent");
  await stage.enqueue("cat >> order", "--id", "fed", "--stdin-file", await file("fed\n"));
  await stage.enqueue("echo held >> order", "--id", "held", "--hold");
  await stage.enqueue("echo later >> order", "--id", "later", "--delay", "1h");
  await stage.sh("queuectl export --output > jobs.ndjson");

  const other = ["--db", stage.join("other.db")];
  assert.equal(await stage.ok("import", "jobs.ndjson", ...other), "Imported 6 jobs\n");
  await stage.ok("queue", "pause", "default");
  await stage.ok("cancel", "busy");
  worker.kill("SIGINT");
  await stage.end(worker);
  await Deno.writeTextFile(stage.join("moved"), "");

  await stage.ok("worker", "start", "--drain", ...other);
  const jobs = await stage.json<JobJson[]>("list", "--sort", "created", ...other);
  assert.deepEqual(
    jobs.map(({ id, state, attempts }) => [id, state, attempts]),
    [
      ["busy", "completed", 2],
      ["parent", "completed", 1],
      ["child", "completed", 1],
      ["fed", "completed", 1],
      ["held", "held", 0],
      ["later", "scheduled", 0],
    ],
  );
  const order = stage.lines("order");
  assert.deepEqual(order.toSorted(), ["child", "fed", "parent"]);
  assert.ok(order.indexOf("parent") < order.indexOf("child"), order.join());
  // The number of an attempt is never used twice, wherever the job goes.
  assert.deepEqual(stage.lines("runs"), ["1", "2"]);
  const { attempt_log } = await stage.json<JobJson>("show", "busy", ...other);
  assert.deepEqual(attempt_log.map(({ attempt, outcome }) => [attempt, outcome]), [
    [1, "lost"],
    [2, "completed"],
  ]);
  assert.equal(attempt_log[0]!.error, "it ran when it was exported");

  async function file(text: string): Promise<string> {
    await Deno.writeTextFile(stage.join("input"), text);
    return stage.join("input");
  }
}, { stores: BOTH_STORES });

flow("export | import: output and all, and again what is the same to the byte", async (stage) => {
  await stage.sh(`
    queuectl config set max_retries 0 > ids
    for i in 1 2 3; do queuectl enqueue --id "job$i" -- "printf '\\\\377%s' $i; exit $i" > ids; done
    queuectl enqueue --id bad -- 'echo sorry >&2; exit 3' > ids
    queuectl worker start --drain 2> log
    queuectl export --output > first
    queuectl export --output | queuectl import - --db other.db
    queuectl export --output --db other.db > second
    cmp first second`);
  assert.equal(await stage.ok("logs", "bad", "--db", stage.join("other.db")), "sorry\n");
  const refused = await stage.run(["import", "first"]);
  assert.equal(refused.code, 4);
  assert.match(refused.stderr, /Line 1: A job with the id job1 exists already; .*--skip-existing/);
  const skipped = await stage.sh("queuectl import --skip-existing /dev/stdin < first");
  assert.equal(skipped, "Imported 0 jobs, 4 left out that exist already\n");
  await stage.sh("queuectl export --output > third; cmp first third");
});

flow("export into a closed pipe ends quietly with 141", async (stage) => {
  await stage.sh(`
    seq 3000 | sed 's/.*/{"command":"true"}/' | queuectl enqueue > ids
    { queuectl export; echo $? > code; } | head -n 1 > line`);
  assert.equal(stage.read("code"), "141\n");
  assert.equal(JSON.parse(stage.read("line")).command, "true");
});

flow("import of what is not valid: the line, the exit code, and nothing changed", async (stage) => {
  const refused = async (text: string, code: number, message: RegExp) => {
    const ended = await stage.run(["import", "-"], { stdin: text });
    assert.match(ended.stderr, message);
    assert.deepEqual([ended.code, ended.stdout], [code, ""]);
    assert.equal(await stage.ok("export", "--output"), before);
  };
  await stage.enqueue("true", "--id", "a");
  const before = await stage.ok("export", "--output");
  const good = '{"id":"b","command":"true"}\n';
  await refused(`${good}{"id":"c"\n`, 2, /^queuectl: Line 2: Not valid JSON: .*\n$/);
  await refused(
    `${good}{"id":"c","command":"true","env":["A"]}`,
    2,
    /^queuectl: Line 2: "env" names A/,
  );
  await refused(
    `${good}{"id":"c","command":"true","after":["x"]}`,
    3,
    /^queuectl: Line 2: There is no job x/,
  );
  await refused(
    `${good}\n{"id":"a","command":"true"}`,
    4,
    /^queuectl: Line 3: A job with the id a exists/,
  );
  const dry = await stage.run(["import", "-", "--dry-run"], { stdin: good });
  assert.deepEqual([dry.code, dry.stdout], [0, "All is well: 1 job to import\n"]);
  assert.equal(await stage.ok("export", "--output"), before);
});

flow("schema prints a JSON Schema, and needs no store", async (stage) => {
  const schema = await stage.json<Record<string, unknown>>("schema");
  assert.deepEqual(JSON.parse(await stage.ok("schema")), schema);
  assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.ok("command" in (schema.properties as object));
  await assert.rejects(Deno.stat(stage.store), Deno.errors.NotFound);
});
