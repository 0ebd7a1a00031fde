import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { type Column, renderTable } from "../../src/cli/table.ts";
import { columnsOf } from "../input/columns.ts";
import { cutText, loadWidth } from "../../src/cli/width.ts";

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "N", align: "right" },
  { title: "COMMAND", flexible: true },
];
const PIPE = { columns: null, color: false };

Deno.test("renderTable() aligns its columns and leaves no trailing space", async () => {
  const rows = [["a", "1,000", "true"], ["longer", "7", ""]];
  strictEqual(
    await renderTable(COLUMNS, rows, PIPE),
    "ID          N  COMMAND\n" +
      "a       1,000  true\n" +
      "longer      7\n",
  );
  strictEqual(await renderTable(COLUMNS, [], PIPE), "ID  N  COMMAND\n");
});

Deno.test("renderTable() aligns by what is shown", async () => {
  const rows = [["日本", "1", "x"], ["e\u0301", "2", "y"], ["😀", "3", "z"]];
  strictEqual(
    await renderTable(COLUMNS, rows, PIPE),
    "ID    N  COMMAND\n" +
      "日本  1  x\n" +
      "e\u0301     2  y\n" +
      "😀    3  z\n",
  );
});

Deno.test("loadWidth() counts no column for what joins or is put together", async () => {
  const expected: Record<string, number> = {
    "a\u200cb": 2,
    "\u200d": 0,
    "e\u200d": 1,
    "👩\u200d👧": 2,
    "🏳\ufe0f\u200d🌈": 2,
    "👍🏽": 2,
    "\u1100\u1161\u11a8": 2,
    "日本": 4,
    "ｱ": 1,
    "e\u0301": 1,
    "*\ufe0f": 2,
  };
  const width = await loadWidth(Object.keys(expected));
  for (const [text, columns] of Object.entries(expected)) {
    strictEqual(width(text), columns, JSON.stringify(text));
    strictEqual(columnsOf(text), columns, JSON.stringify(text));
  }
});

Deno.test("renderTable() escapes its cells", async () => {
  const shown = await renderTable([{ title: "X" }, { title: "Y" }], [["a\n\x1b[2J", "b"]], PIPE);
  strictEqual(shown, "X           Y\na\\n\\x1b[2J  b\n");
});

Deno.test("renderTable() colours without changing the alignment", async () => {
  const row = [{ text: "dead", color: "red" } as const, "1", "x"];
  const color = await renderTable(COLUMNS, [row], { columns: null, color: true });
  strictEqual(color.includes("\x1b[31mdead\x1b[0m"), true);
  // deno-lint-ignore no-control-regex -- takes out the colours
  const plain = color.replace(/\x1b\[\d+m/g, "");
  strictEqual(plain, await renderTable(COLUMNS, [row], PIPE));
});

Deno.test("renderTable() cuts flexible columns on a terminal only", async () => {
  const rows = [["id", "1", "x".repeat(100)]];
  const [, line = ""] = (await renderTable(COLUMNS, rows, { columns: 40, color: false })).split(
    "\n",
  );
  strictEqual(line, `id  1  ${"x".repeat(32)}…`);
  strictEqual((await renderTable(COLUMNS, rows, PIPE)).includes("x".repeat(100)), true);
  const narrow = await renderTable(COLUMNS, rows, { columns: 5, color: false });
  strictEqual(narrow.includes(`${"x".repeat(11)}…`), true);
});

Deno.test("renderTable() shortens and leaves out columns only as far as a terminal is too narrow", async () => {
  const columns: Column[] = [
    { title: "ID", short: (text) => text.slice(-4) },
    { title: "QUEUE", spare: 1 },
    { title: "AGE", align: "right", spare: 2 },
    { title: "COMMAND", flexible: true },
  ];
  const rows = [[
    "0123456789abcdef",
    "default",
    { text: "5s", color: "red" as const },
    "x".repeat(30),
  ]];
  const at = async (room: number | null) =>
    (await renderTable(columns, rows, { columns: room, color: false })).split("\n")
      .map((line) => line.replaceAll(/ +/g, " "));
  deepStrictEqual(await at(null), [
    "ID QUEUE AGE COMMAND",
    `0123456789abcdef default 5s ${"x".repeat(30)}`,
    "",
  ]);
  deepStrictEqual((await at(44))[1], `0123456789abcdef default 5s ${"x".repeat(11)}…`);
  deepStrictEqual((await at(43))[1], `cdef default 5s ${"x".repeat(22)}…`);
  deepStrictEqual((await at(32))[1], `cdef default 5s ${"x".repeat(11)}…`);
  deepStrictEqual(await at(31), ["ID QUEUE COMMAND", `cdef default ${"x".repeat(15)}…`, ""]);
  deepStrictEqual((await at(26))[1], `cdef ${"x".repeat(19)}…`);
  deepStrictEqual((await at(1))[1], `cdef ${"x".repeat(11)}…`);
});

Deno.test("cutText() never gives more than the room, and cuts no character in two", async () => {
  const texts = fc.string({ unit: "grapheme" });
  await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 1, max: 30 }), async (text, room) => {
    const width = await loadWidth([text, "…"]);
    const cut = cutText(text, room, width);
    strictEqual(width(cut) <= room, true);
    strictEqual(cut === text || (cut.endsWith("…") && text.startsWith(cut.slice(0, -1))), true);
    strictEqual(cut.isWellFormed(), true);
  }));
});
