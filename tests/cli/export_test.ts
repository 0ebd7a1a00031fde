import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { BYTES, fullQueue } from "./full_queue.ts";
import { Queue, START } from "./queue.ts";

Deno.test("export writes a job a line, oldest first, with what it takes to store it again", async () => {
  await using queue = await fullQueue();
  const { code, stdout, stderr } = await queue.cli("export");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  const lines = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const printed = JSON.parse((await queue.cli("list", "--json", "--sort", "created")).stdout);
  deepStrictEqual(lines.map(({ id }) => id), printed.map(({ id }: { id: string }) => id));
  const states = new Set(lines.map(({ state }) => state));
  strictEqual(states.size, 9, [...states].join());
  for (const [i, line] of lines.entries()) {
    const { runs, cancel_requested, cancelled_by, waits_for, stdin, ...job } = line;
    deepStrictEqual(job, printed[i]);
    strictEqual(runs, ["done", "bad", "again", "busy"].includes(job.id) ? 1 : 0);
    strictEqual(cancel_requested, false);
    strictEqual(cancelled_by, job.id === "orphan" ? "bad" : null);
    const parents = job.id === "child" ? ["busy"] : job.id === "orphan" ? [] : null;
    deepStrictEqual(waits_for, parents);
    strictEqual(stdin, job.id === "done" ? "a\0b\n" : null);
  }
  // Nothing in it acts on a terminal.
  strictEqual(stdout.includes("\x1b"), false);
  strictEqual((await queue.cli("export", "--json")).stdout, stdout);
});

Deno.test("export --attempts adds the attempt log, --output the output as well", async () => {
  await using queue = await fullQueue();
  const lines = async (...flags: string[]) => {
    const { stdout } = await queue.cli("export", "--state", "completed", ...flags);
    return stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  };
  const [plain] = await lines();
  ok(!("attempt_log" in plain) && !("output" in plain));
  const [logged, ...others] = await lines("--attempts");
  deepStrictEqual([others, "output" in logged], [[], false]);
  const shown = JSON.parse((await queue.cli("show", "done", "--json")).stdout);
  deepStrictEqual(logged.attempt_log, shown.attempt_log);
  const [full] = await lines("--output");
  deepStrictEqual(full.attempt_log, shown.attempt_log);
  const time = new Date(START).toISOString();
  deepStrictEqual(full.output, [
    { attempt: 1, stream: "stdout", time, text: "grün\n" },
    { attempt: 1, stream: "stderr", time, base64: btoa(String.fromCharCode(...BYTES)) },
    { attempt: 1, stream: "stdout", time, base64: "4oI=" },
    { attempt: 1, stream: "stdout", time, base64: "rA==" },
  ]);
  // What is written while it runs is there, too.
  const [busy] = (await queue.cli("export", "--output", "--state", "processing")).stdout.split(
    "\n",
  );
  strictEqual(JSON.parse(busy!).output[0].text, "so far");
});

Deno.test("export says how much of the output is missing", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("a");
  const claim = await queue.claim();
  await queue.write(claim, ["stdout", "head"]);
  queue.skip(claim, 1000);
  await queue.end(claim, 0, ["stderr", "tail"]);
  const { output } = JSON.parse((await queue.cli("export", "--output")).stdout);
  deepStrictEqual(
    output.map(({ text, missing }: Record<string, unknown>) => [text, missing]),
    [["head", undefined], ["tail", 1000]],
  );
});

Deno.test("export narrows by state, queue and tag", async () => {
  await using queue = await fullQueue();
  const ids = async (...flags: string[]) => {
    const { stdout } = await queue.cli("export", ...flags);
    return stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line).id);
  };
  deepStrictEqual(await ids("--state", "dead,held"), ["bad", "held"]);
  deepStrictEqual(await ids("--queue", "mail"), ["bad"]);
  deepStrictEqual(await ids("--tag", "blue"), ["done"]);
  deepStrictEqual(await ids("--tag", "blue", "--queue", "mail"), []);
});

Deno.test("export never writes the values of env", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "a", env: { TOKEN: "s3cret", LANG: "C" } });
  const { stdout, stderr } = await queue.cli("export", "--output", "--log-level", "debug");
  deepStrictEqual(JSON.parse(stdout).env, ["TOKEN", "LANG"]);
  strictEqual(`${stdout}${stderr}`.includes("s3cret"), false);
});

Deno.test("export of nothing writes nothing, and makes no store", async () => {
  await using queue = await Queue.open();
  deepStrictEqual(
    (({ code, stdout, stderr }) => ({ code, stdout, stderr }))(await queue.cli("export")),
    { code: 0, stdout: "", stderr: "" },
  );
  const missing = await queue.cli("--db", `${queue.directory}/none.db`, "export");
  strictEqual(missing.code, 5);
  match(missing.stderr, /There is no store at .*none\.db/);
  const { code, stderr } = await queue.cli("export", "jobs.ndjson");
  strictEqual(code, 2);
  match(stderr, /Unexpected argument "jobs\.ndjson"/);
});

Deno.test("list --json of many jobs is all of them, in either order", async () => {
  await using queue = await Queue.open();
  const ids = Array.from({ length: 2100 }, (_, i) => `j${i}`);
  await queue.add(...ids);
  const listed = async (...flags: string[]) =>
    JSON.parse((await queue.cli("list", "--json", ...flags)).stdout)
      .map(({ id }: { id: string }) => id);
  deepStrictEqual(await listed("--sort", "created"), ids);
  deepStrictEqual(await listed(), ids.toReversed());
  deepStrictEqual(await listed("--limit", "1500", "--sort", "created"), ids.slice(0, 1500));
});
