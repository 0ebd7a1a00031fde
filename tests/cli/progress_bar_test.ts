import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Output } from "../../src/cli/output.ts";
import { progressBar, type ProgressOptions, renderBar } from "../../src/cli/progress_bar.ts";
import { FakeSink } from "./fake_system.ts";

const WIPE = "\r\x1b[K";

/** A bar on a terminal of 60 columns, with a clock that the test moves. */
function stage(
  { columns = 60, json = false, term = "xterm", label = "Enqueuing", total = 100_000 }: {
    columns?: number | null;
    json?: boolean;
    term?: string;
  } & Partial<ProgressOptions> = {},
) {
  const sink = new FakeSink(columns);
  const stderr = new Output(sink, { color: false });
  const clock = { now: 1000 };
  const env = (name: string) => name === "TERM" ? term : undefined;
  const bar = progressBar({ stderr, json, env }, { label, total }, () => clock.now);
  return { bar, clock, stderr, sink };
}

Deno.test("renderBar() shows cells, counts and what goes on", () => {
  const bar = { label: "Enqueuing", done: 52_000, total: 100_000, note: "" };
  strictEqual(
    renderBar(bar, 42, false),
    "Enqueuing  [█████░░░░░]  52,000 of 100,000",
  );
  strictEqual(
    renderBar({ ...bar, label: "Waiting", done: 1, total: 4, note: "job-2 runs" }, 79, false),
    `Waiting  [${"█".repeat(7)}${"░".repeat(23)}]  1 of 4, job-2 runs`,
  );
});

Deno.test("renderBar() has fewer cells beside a note, and cuts it at last", () => {
  const bar = { label: "Waiting", done: 1, total: 3, note: "running: job-1, job-2" };
  strictEqual(renderBar(bar, 54, false), `Waiting  [████${"░".repeat(8)}]  1 of 3, ${bar.note}`);
  strictEqual(renderBar(bar, 44, false), "Waiting  [███░░░░░░░]  1 of 3, running: job…");
});

Deno.test("renderBar() is never wider than its room", () => {
  for (let room = 1; room < 120; room++) {
    const line = renderBar(
      { label: "Draining", done: 7, total: 1234, note: "job1, job2 and 3 more run" },
      room,
      false,
    );
    ok(line.length <= room, `${room}: ${line}`);
  }
});

Deno.test("renderBar() is full only when all is done", () => {
  const cells = (done: number, total: number) =>
    /\[(.*)\]/.exec(renderBar({ label: "L", done, total, note: "" }, 100, false))![1]!;
  ok(cells(999_999, 1_000_000).endsWith("░"));
  strictEqual(cells(1_000_000, 1_000_000), "█".repeat(30));
  strictEqual(cells(7, 5), "█".repeat(30));
  strictEqual(cells(0, 0), "░".repeat(30));
});

Deno.test("renderBar() paints the cells only where there is colour, and escapes the note", () => {
  const bar = { label: "L", done: 1, total: 1, note: "\x1b[2J" };
  strictEqual(renderBar(bar, 60, true).includes("\x1b[32m"), true);
  strictEqual(renderBar(bar, 60, false).includes("\x1b"), false);
  ok(renderBar(bar, 60, true).endsWith("\\x1b[2J"));
});

Deno.test("progressBar() stays quiet for the first 500 ms, then draws every 100 ms at most", async () => {
  const { bar, clock, stderr, sink } = stage();
  for (const [now, done] of [[1499, 1], [1500, 2], [1599, 3], [1600, 4]] as const) {
    clock.now = now;
    bar.update(done);
  }
  await stderr.flush();
  deepStrictEqual(sink.text.split(WIPE).map((line) => line.split("]  ")[1]), [
    undefined,
    "2 of 100,000",
    "4 of 100,000",
  ]);
});

Deno.test("progressBar() is wiped when it is disposed of, and leaves nothing if it was not drawn", async () => {
  const drawn = stage();
  drawn.clock.now += 500;
  drawn.bar.update(1);
  await drawn.bar[Symbol.asyncDispose]();
  // Stdout may be the same terminal: what comes next there must not stand behind the bar.
  ok(drawn.sink.text.endsWith(WIPE), JSON.stringify(drawn.sink.text));
  await drawn.stderr.line("done");
  ok(drawn.sink.text.endsWith(`${WIPE}done\n`), JSON.stringify(drawn.sink.text));
  const quick = stage();
  quick.bar.update(100_000);
  await quick.bar[Symbol.asyncDispose]();
  strictEqual(quick.sink.text, "");
});

Deno.test("progressBar() shows nothing without a terminal, with --json and on a dumb terminal", async () => {
  for (const options of [{ columns: null }, { json: true }, { term: "dumb" }]) {
    const { bar, clock, stderr, sink } = stage(options);
    clock.now += 10_000;
    bar.update(1);
    await bar[Symbol.asyncDispose]();
    await stderr.flush();
    strictEqual(sink.text, "", JSON.stringify(options));
  }
});

Deno.test("Output keeps its footer below what is written", async () => {
  const sink = new FakeSink(60);
  const output = new Output(sink, { color: false });
  output.setFooter("foot 1");
  output.line("one");
  output.write("two, ");
  output.setFooter("foot 2");
  output.write(new TextEncoder().encode("three\n"));
  output.write("");
  output.setFooter("foot 2");
  output.setFooter(null);
  await output.line("four");
  strictEqual(
    sink.text,
    `${WIPE}foot 1${WIPE}one\nfoot 1${WIPE}two, three\nfoot 2${WIPE}four\n`,
  );
});
