import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { type LineFile, readFile, readStream } from "../../src/intake/line_file.ts";
import { UsageError } from "../../src/errors.ts";
import { tempDir } from "../helpers/temp_dir.ts";

const stdinOf = (content: string | Uint8Array<ArrayBuffer>) => new Blob([content]).stream();

const readInput = (path: string, stdin: ReadableStream<Uint8Array<ArrayBuffer>>) =>
  path === "-" ? readStream(stdin, "The input") : readFile(path);

/** Three bytes a character, so that the borders between two readings are within one. */
const LONG = "€".repeat(1000);

const line = (n: number) => JSON.stringify({ command: `echo ${n} # ${LONG}` });

/** About 3 MB. */
const LINES = Array.from({ length: 1000 }, (_, n) => line(n));

Deno.test("readFile() and readStream() give what is small, or one large value, as text", async () => {
  await using dir = await tempDir();
  const path = dir.join("jobs");
  for (
    const text of ["", "{}\n{}\n", "\ufeff[1]", `[\n${LINES.join(",\n")}\n]`, `${line(1)}\n \n`]
  ) {
    await Deno.writeTextFile(path, text);
    strictEqual(await readInput(path, stdinOf("")), text);
    strictEqual(await readInput("-", stdinOf(text)), text);
  }
});

Deno.test("readFile() and readStream() give the lines of what is large, as often as they are wanted", async () => {
  await using dir = await tempDir();
  const path = dir.join("jobs");
  const text = `\ufeff\n${LINES.join("\r\n")}\n\n  \n${line(-1)}`;
  const expected = [
    ...LINES.map((text, n) => [n + 2, n < LINES.length - 1 ? `${text}\r` : text]),
    [LINES.length + 4, line(-1)],
  ];
  await Deno.writeTextFile(path, text);
  for (const [from, input] of [[path, ""], ["-", text]] as const) {
    using file = await readInput(from, stdinOf(input)) as LineFile;
    for (const _ of [1, 2]) {
      deepStrictEqual(Array.from(file.lines(), ({ line, text }) => [line, text]), expected);
    }
  }
});

Deno.test(
  "readFile() and readStream() refuse what is not there or not text, and leave no file open",
  {
    sanitizeResources: true,
  },
  async () => {
    await using dir = await tempDir();
    const path = dir.join("jobs");
    const bytes = new TextEncoder().encode(`${LINES.join("\n")}\n`);
    bytes[bytes.length - 10] = 0xff;
    await Deno.writeFile(path, bytes);
    const message = (pattern: RegExp) => (error: Error) =>
      error instanceof UsageError && pattern.test(error.message);
    const input = () => stdinOf(bytes);
    using file = await readInput("-", input()) as LineFile;
    await rejects(
      async () => await Array.fromAsync(file.lines()),
      message(/^The input is not UTF-8 text$/),
    );
    await rejects(readInput(dir.path, input()), message(/ is a directory: give a file$/));
    await rejects(readInput(dir.join("no"), input()), message(/^There is no file /));
    const [small, list] = [bytes.slice(-100), new Blob(["[\n", bytes])];
    await rejects(readInput("-", stdinOf(small)), message(/not UTF-8/));
    await Deno.writeFile(path, list.stream());
    await rejects(readInput(path, input()), message(/not UTF-8/));
  },
);

Deno.test("readFile() refuses a value that is too long for a text", async () => {
  await using dir = await tempDir();
  const path = dir.join("jobs");
  for (const [begin, what] of [["[\n", path], ["{}\n", "Line 2"]] as const) {
    await Deno.writeTextFile(path, begin);
    await Deno.truncate(path, 257 * 1024 * 1024);
    await rejects(
      readInput(path, stdinOf("")),
      new UsageError(`${what} has more than 256 MiB: give one job a line`),
    );
  }
});

Deno.test("LineFile.lines() puts together a line of many portions", async () => {
  await using dir = await tempDir();
  const path = dir.join("jobs");
  const long = JSON.stringify({ command: `echo ${LONG.repeat(1000)}` });
  await Deno.writeTextFile(path, `${line(0)}\n${long}\n${long}`);
  using file = await readInput(path, stdinOf("")) as LineFile;
  const found = Array.from(file.lines(), ({ line, text }) => [line, text === long]);
  deepStrictEqual(found, [[1, false], [2, true], [3, true]]);
});
