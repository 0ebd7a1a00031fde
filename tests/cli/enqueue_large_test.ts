import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { MAX_BATCH } from "../../src/store/store.ts";
import { Queue } from "./queue.ts";

/** It makes a list of a thousand jobs so large that it is read line by line. */
const COMMENT = `# ${"x".repeat(3000)}`;

/** A job each, some of them changed. */
function lines(changes: Readonly<Record<number, unknown>> = {}): string {
  const jobs = Array.from({ length: 1000 }, (_, n) => {
    const job = { id: `j${n}`, command: `true ${COMMENT}` };
    const change = changes[n];
    return typeof change === "string" ? change : JSON.stringify({ ...job, ...change ?? {} });
  });
  return `\n${jobs.join("\n")}\n`;
}

Deno.test("enqueue of a large list prints the ids in order, or the jobs as one array", async () => {
  await using queue = await Queue.open();
  const ids = Array.from({ length: 1000 }, (_, n) => `j${n}`);
  const text = await queue.fed(lines(), "enqueue", "--queue", "media");
  deepStrictEqual([text.code, text.stderr, text.stdout], [0, "", `${ids.join("\n")}\n`]);
  strictEqual(await queue.store.count({ queue: "media" }), 1000);
  await queue.add({ id: "old", uniqueKey: "k" });
  const other = lines({ 3: { id: undefined, unique_key: "k" } }).replaceAll('"j', '"i');
  const json = await queue.fed(other, "enqueue", "--if-exists", "return", "--json", "--hold");
  strictEqual(json.code, 0, json.stderr);
  const jobs: { id: string; state: string }[] = JSON.parse(json.stdout);
  deepStrictEqual(
    jobs.map(({ id }) => id),
    ids.map((id, n) => n === 3 ? "old" : `i${id.slice(1)}`),
  );
  deepStrictEqual([jobs[2]!.state, jobs[3]!.state], ["held", "pending"]);
});

Deno.test("enqueue of a large list writes nothing if anything is wrong, and names the line", async () => {
  await using queue = await Queue.open();
  const cases: readonly [text: string, code: number, message: RegExp, flags?: string[]][] = [
    [lines({ 997: "{" }), 2, /^queuectl: Line 999: Not valid JSON/],
    [lines({ 997: { priority: "x" } }), 2, /^queuectl: Line 999: "priority" must be/],
    [lines({ 997: { id: "j5" } }), 4, /^queuectl: Line 999: The id j5 is taken by line 7 already/],
    [
      lines({ 1: { unique_key: "k" }, 2: { unique_key: "k" } }),
      4,
      /^queuectl: Line 4: The unique key k is taken by line 3 already/,
    ],
    [
      lines({ 1: { after: ["j2"] }, 2: { after: ["j1"] } }),
      2,
      /^queuectl: Line \d: Jobs wait for each other in a circle: j\d after j\d/,
    ],
    [
      lines({ 9: { after: ["j2", "no"] } }),
      3,
      /^queuectl: Line 11: There is no job no to run after/,
    ],
    [lines(), 2, /^queuectl: --id fits one job, not 1000/, ["--id", "x"]],
    [lines(), 3, /There is no job/, ["--after", "nobody"]],
  ];
  for (const [text, code, message, flags = []] of cases) {
    const ended = await queue.fed(text, "enqueue", ...flags);
    deepStrictEqual([ended.code, ended.stdout], [code, ""], ended.stderr);
    match(ended.stderr, message);
  }
  const run = await queue.fed(lines(), "run");
  deepStrictEqual([run.code, run.stderr.split("\n")[0]], [
    2,
    "queuectl: Give one job, not 1,000; for several: queuectl enqueue",
  ]);
  strictEqual(await queue.store.count({}), 0);
});

Deno.test("enqueue of more jobs than are held reads them again, and says how far it came", async () => {
  await using queue = await Queue.open();
  const count = 2 * MAX_BATCH + 1;
  await queue.add(`j${count - 1}`);
  const last = count - 1;
  const list = (changes: Readonly<Record<number, string>> = {}) =>
    Array.from({ length: count }, (_, n) => {
      const after = changes[n] === undefined ? "" : `,"after":["${changes[n]}"]`;
      return `{"id":"j${n}","command":"true"${after}}\n`;
    }).join("");
  const refused: readonly [changes: Record<number, string>, code: number, message: RegExp][] = [
    [{ [last]: "nobody" }, 3, /^queuectl: Line 100001: There is no job nobody/],
    [{ [last]: `j${last}` }, 2, /^queuectl: Line 100001: Jobs wait for each other in a circle/],
    [
      { 2: `j${last}` },
      2,
      /^queuectl: Line 3: It runs after j100000, which is only in line 100001/,
    ],
  ];
  for (const [changes, code, message] of refused) {
    const ended = await queue.fed(list(changes), "enqueue");
    strictEqual(ended.code, code, ended.stderr);
    match(ended.stderr, message);
  }
  strictEqual(await queue.store.count({}), 1);
  const { code, stdout, stderr } = await queue.fed(list(), "enqueue");
  deepStrictEqual([code, stdout, stderr], [
    4,
    "",
    "queuectl: Line 100001: A job with the id j100000 exists already; 100000 jobs are enqueued, go on " +
    "from line 100001\n",
  ]);
  strictEqual(await queue.store.count({}), count);
});
