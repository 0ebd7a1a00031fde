import assert from "node:assert/strict";
import { type Piece, plainText, Transcript } from "../../../src/web/page/transcript.ts";

function transcript(...pieces: (string | Partial<Piece>)[]): Transcript {
  const all = new Transcript();
  for (const piece of pieces) {
    all.add({
      time: null,
      stream: "stdout",
      ...(typeof piece === "string" ? { text: piece } : piece),
    });
  }
  return all;
}

function rowsOf(all: Transcript): string[] {
  const open = all.openRow();
  return [...all.rows(0, all.closed), ...(open === null ? [] : [open])]
    .map(({ kind, spans }) => (kind === "stdout" ? "" : `${kind}: `) + plainText(spans));
}

Deno.test("Transcript makes rows of lines, the unfinished one too", () => {
  assert.deepEqual(rowsOf(transcript("a\nb", "c\n\nd")), ["a", "bc", "", "d"]);
});

Deno.test("Transcript overwrites a line as a terminal does", () => {
  assert.deepEqual(rowsOf(transcript("10%\r20%\r100%\n")), ["100%"]);
  assert.deepEqual(rowsOf(transcript("abcdef\rxy\n")), ["xycdef"]);
  assert.deepEqual(rowsOf(transcript("abcdef\rxy\x1b[K\n")), ["xy"]);
  assert.deepEqual(rowsOf(transcript("abc\x1b[2K\rx\n")), ["x  "]);
  assert.deepEqual(rowsOf(transcript("ab\bc\r\n")), ["ac"]);
  assert.deepEqual(rowsOf(transcript("🦕a\r1\n")), ["1a"]);
});

Deno.test("Transcript tells the streams apart, each with its own colours", () => {
  const all = transcript("\x1b[31ma", { stream: "stderr", text: "b\n" }, "c\n");
  assert.deepEqual(rowsOf(all), ["a", "stderr: b", "c"]);
  assert.deepEqual([all.text(), all.text("stdout"), all.text("stderr")], [
    "a\nb\nc\n",
    "a\nc\n",
    "b\n",
  ]);
  assert.deepEqual(
    all.rows(0, 3).map(({ spans }) => spans[0]!.style.classes),
    ["ansi-red-fg", "", "ansi-red-fg"],
  );
});

Deno.test("Transcript says how much is missing, and where", () => {
  const all = transcript("a", { text: "b\n", missing: 1234 });
  assert.deepEqual(rowsOf(all), ["a", "gap: 1,234 bytes are missing here", "b"]);
});

Deno.test("Transcript shows bytes that are no text", () => {
  assert.deepEqual(rowsOf(transcript({ base64: btoa("\xff\x00a") })), ["\ufffd\\x00a"]);
});

Deno.test("Transcript keeps the last rows, and counts those that it gave up", () => {
  const all = transcript(...Array.from({ length: 6 }, () => "x\n".repeat(10_000)), "last\n");
  assert.equal(all.dropped, 10_000);
  assert.equal(all.size, 50_001);
  assert.equal(all.closed, 60_001);
  assert.deepEqual(all.rows(0, 10_001).map(({ number }) => number), [10_000]);
  assert.deepEqual(all.rows(60_000, 70_000).map(({ spans }) => plainText(spans)), ["last"]);
});

Deno.test("Transcript breaks a line that is too long, and its text has it in one", () => {
  const all = transcript("x".repeat(10_000) + "\ny");
  assert.deepEqual(rowsOf(all).map(({ length }) => length), [4096, 4096, 1808, 1]);
  assert.equal(all.text(), `${"x".repeat(10_000)}\ny\n`);
});

Deno.test("Transcript cuts no character in two where it breaks a line", () => {
  const all = transcript("x".repeat(4095) + "🦕y\n");
  assert.deepEqual(rowsOf(all), ["x".repeat(4095), "🦕y"]);
});

Deno.test("Transcript shows at its end what was begun and never ended", () => {
  const all = transcript("a\x1b[3");
  assert.deepEqual(rowsOf(all), ["a"]);
  all.end();
  assert.deepEqual(rowsOf(all), ["a\\x1b[3"]);
});
