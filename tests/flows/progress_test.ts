/** Progress: what jobs say of themselves, and the bars on a real terminal. */

import assert from "node:assert/strict";
import type { RunningProgram } from "../helpers/cli.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

const UNTIL_GO = "until test -e go; do sleep 0.05; done";

const go = (stage: Stage) => Deno.writeTextFile(stage.join("go"), "");

/** A worker whose jobs find `queuectl` in their PATH. */
const worker = (stage: Stage) =>
  stage.worker(["--count", "2"], {
    env: { PATH: `${stage.join("bin")}:${Deno.env.get("PATH")}` },
  });

flow(
  "progress: a job tells how far it is; list, show, explain and JSON carry it",
  async (stage) => {
    await worker(stage);
    const message = "enc\x1b[2Joding ü";
    const command = `queuectl progress 10; queuectl progress 40% '${message}' && echo ok > told; ` +
      UNTIL_GO;
    await stage.enqueue(command, "--id", "job");
    await stage.untilLines("told");
    const progress = { percent: 40, message };
    assert.deepEqual((await stage.json<{ progress: unknown }>("show", "job")).progress, progress);
    const [listed] = await stage.json<[{ progress: unknown }]>("list");
    assert.deepEqual(listed.progress, progress);
    assert.match(await stage.ok("list"), /\b40%/);
    assert.match(await stage.ok("show", "job"), /40% enc\\x1b\[2Joding ü/);
    assert.match(await stage.ok("explain", "job"), /it is at 40% enc\\x1b\[2Joding ü$/m);
    await go(stage);
    await stage.until("job", "completed");
  },
  { vias: ["source", "executable", "oldest"], stores: BOTH_STORES },
);

flow("progress: a job without queuectl in its PATH needs none; bad input is 2", async (stage) => {
  const outside = await stage.run(["progress", "40"]);
  assert.equal(outside.code, 2);
  assert.match(outside.stderr, /^queuectl: This is not a job/);
  await worker(stage);
  const bad = ["101", "-1", "x", "''", "5 " + "m".repeat(201), "5 two words"];
  const tries = bad.map((args) => `queuectl progress ${args}; echo $? >> codes`);
  await stage.enqueue([...tries, "queuectl progress; echo $? >> codes"].join("\n"), "--id", "job");
  await stage.until("job", "completed");
  assert.deepEqual(stage.lines("codes"), Array(bad.length + 1).fill("2"));
  assert.equal((await stage.json<{ progress: unknown }>("show", "job")).progress, null);
});

flow(
  "progress: of an attempt that does not run any more it is 4, and changes nothing",
  async (stage) => {
    await worker(stage);
    // What stays behind in the background of a job that has ended.
    const late = "queuectl progress 99; echo $? > code";
    await stage.enqueue(`queuectl progress 50; (${UNTIL_GO}; ${late}) &`, "--id", "job");
    await stage.until("job", "completed");
    await go(stage);
    await stage.untilLines("code");
    assert.equal(stage.read("code"), "4\n");
    const { progress } = await stage.json<{ progress: unknown }>("show", "job");
    assert.deepEqual(progress, { percent: 50, message: null });
  },
);

/** Starts `queuectl ARGS` on a terminal of its own, 70 columns wide. */
const onTerminal = (stage: Stage, args: string, env: Readonly<Record<string, string>> = {}) =>
  stage.shell(`script -qec "stty cols 70; queuectl ${args}" /dev/null`, { env });

/** Waits until the terminal has shown this. */
async function shows(program: RunningProgram, text: string): Promise<void> {
  await waitFor(() => program.stdout.includes(text), {
    message: () => `${text} in ${JSON.stringify(program.stdout)}`,
  });
}

const WIPE = "\r\x1b[K";

/** What was drawn as a bar, one after the other; in the end nothing of it may be left. */
function barsIn(screen: string, label: string): string[] {
  // deno-lint-ignore no-control-regex
  const plain = screen.replace(/\x1b\[\d*m/g, "");
  const drawn = plain.split(WIPE).filter((text) => text.startsWith(`${label}  [`));
  assert.ok(!plain.slice(plain.lastIndexOf(WIPE)).includes(`${label}  [`), "it is wiped at last");
  for (const bar of drawn) assert.ok(bar.length < 70 && !bar.includes("\n"), JSON.stringify(bar));
  return drawn;
}

/** Runs until a file of this name is there. */
const until = (name: string) => `until test -e ${name}; do sleep 0.05; done`;

flow("wait for several jobs shows a bar, and its lines come out above it", async (stage) => {
  for (const id of ["one", "two", "three"]) await stage.enqueue(until(`go-${id}`), "--id", id);
  await stage.worker(["--count", "3"]);
  for (const id of ["one", "two", "three"]) await stage.until(id, "processing");
  const wait = await onTerminal(stage, "wait one two three");
  const plain = await onTerminal(stage, "wait one two three", { NO_COLOR: "1" });
  const json = await onTerminal(stage, "wait one two three --json");
  await shows(wait, `0 of 3, running: one, two, three`);
  await shows(plain, `0 of 3, running: one, two, three`);
  await Deno.writeTextFile(stage.join("go-one"), "");
  await shows(wait, `1 of 3, running: two, three`);
  await Deno.writeTextFile(stage.join("go-two"), "");
  await Deno.writeTextFile(stage.join("go-three"), "");
  const screen = (await stage.end(wait)).stdout;
  const bars = barsIn(screen, "Waiting");
  assert.match(bars[0]!, /^Waiting {2}\[░{10,}\] {2}0 of 3, running: one, two, three$/);
  assert.ok(screen.includes(`${WIPE}Job one completed\r\n`), JSON.stringify(screen));
  assert.ok(screen.includes("\x1b[32m█"));
  const uncoloured = (await stage.end(plain)).stdout;
  assert.ok(!uncoloured.includes("\x1b[32m") && barsIn(uncoloured, "Waiting").length > 0);
  assert.deepEqual(barsIn((await stage.end(json)).stdout, "Waiting"), []);
  const quick = await stage.end(await onTerminal(stage, "wait one two three"));
  assert.deepEqual(barsIn(quick.stdout, "Waiting"), []);
});

flow("worker start --drain shows a bar below its log", async (stage) => {
  for (const id of ["one", "two", "three"]) await stage.enqueue(until(`go-${id}`), "--id", id);
  const worker = await onTerminal(stage, "worker start --drain");
  await shows(worker, "0 of 3, 1 running here");
  await Deno.writeTextFile(stage.join("go-one"), "");
  await Deno.writeTextFile(stage.join("go-two"), "");
  await shows(worker, "2 of 3, 1 running here");
  await Deno.writeTextFile(stage.join("go-three"), "");
  const screen = (await stage.end(worker)).stdout;
  assert.notEqual(barsIn(screen, "Draining").length, 0);
  for (
    const text of ["one completed", "two started", "three completed", "worker-\\S+ has stopped"]
  ) {
    // At the beginning of a line that was wiped, or after another one of the log.
    const line = new RegExp(`(?:\r\x1b\\[K|\r\n)\\d\\d:\\d\\d:\\d\\d info +${text}.*\r\n`);
    assert.match(screen, line);
  }
  // Without a terminal, not a byte of it.
  await stage.enqueue("sleep 1");
  const piped = await stage.run(["worker", "start", "--drain"]);
  for (const sign of ["Draining", "\r", "\x1b"]) assert.ok(!piped.stderr.includes(sign), sign);
}, { vias: ["source", "executable", "oldest"] });

flow("bulk enqueue shows a bar", async (stage) => {
  const lines = Array.from({ length: 150_001 }, (_, n) => `{"command":"true","id":"job${n}"}\n`);
  await Deno.writeTextFile(stage.join("jobs"), lines.join(""));
  const enqueue = await onTerminal(stage, "enqueue --file jobs > ids");
  const bars = barsIn((await stage.end(enqueue)).stdout, "Enqueuing");
  const drawn = /^Enqueuing {2}\[█+░+\] {2}(50,000|100,000|150,000) of 150,001$/;
  assert.ok(bars.some((bar) => drawn.test(bar)), bars.join("\n"));
  assert.equal(stage.lines("ids").length, 150_001);
});

flow("import shows a bar while it reads, and one while it writes", async (stage) => {
  const lines = Array.from({ length: 100_001 }, (_, n) => `{"command":"true","id":"job${n}"}\n`);
  await Deno.writeTextFile(stage.join("jobs"), lines.join(""));
  const screen = (await stage.end(await onTerminal(stage, "import jobs"))).stdout;
  const checking = barsIn(screen, "Checking, kB");
  const drawn = /^Checking, kB {2}\[█*░*\] {2}[\d,]+ of [\d,]+$/;
  assert.ok(checking.some((bar) => drawn.test(bar)), screen);
  const importing = barsIn(screen, "Importing");
  assert.ok(
    importing.some((bar) => /^Importing {2}\[█+░+\] {2}(50,000|100,000) of 100,001$/.test(bar)),
    screen,
  );
  assert.match(screen, /Imported 100,001 jobs\r\n/);
});
