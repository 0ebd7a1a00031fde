import assert from "node:assert/strict";
import fc from "fast-check";
import { type Action, AnsiReader } from "../../../src/web/page/ansi.ts";
import { contrast, paletteColor, readable, type Rgb } from "../../../src/web/page/ansi_colors.ts";

function read(...pieces: string[]): Action[] {
  const reader = new AnsiReader();
  return [...pieces.flatMap((piece) => [...reader.read(piece)]), ...reader.end()];
}

/** `[classes]text`, with the other actions as `<newline>`. */
function shown(...pieces: string[]): string {
  return read(...pieces).map((action) => {
    if (action.kind !== "text") return `<${action.kind}>`;
    const { classes, color, background } = action.style;
    const look = [classes, color, background].filter((part) => part).join(" ");
    return look === "" ? action.text : `[${look}]${action.text}`;
  }).join("");
}

Deno.test("AnsiReader gives colours as classes, until they are reset", () => {
  assert.equal(shown("\x1b[31mred\x1b[0m plain"), "[ansi-red-fg]red plain");
  assert.equal(shown("\x1b[1;92;44mx\x1b[mz"), "[ansi-bold ansi-bright-green-fg ansi-blue-bg]xz");
  assert.equal(shown("\x1b[31ma\x1b[39mb"), "[ansi-red-fg]ab");
});

Deno.test("AnsiReader gives colours by number as colours that can be read", () => {
  assert.equal(shown("\x1b[38;5;196mx"), "[rgb(255, 0, 0)]x".replace("255, 0, 0", rgb(196)));
  assert.equal(shown("\x1b[38:2::0:255:0mx"), "[rgb(0, 255, 0)]x");
  assert.equal(shown("\x1b[48;2;1;2;3mx"), "[rgb(1, 2, 3)]x");
});

Deno.test("AnsiReader keeps colours and sequences that are cut in two", () => {
  for (
    const text of ["\x1b[31mred\x1b[0m.", "\x1b]8;;http://x\x1b\\link\x1b]8;;\x07.", "\x1b(Bx"]
  ) {
    const whole = shown(text);
    for (let at = 1; at < text.length; at++) {
      const cut = shown(text.slice(0, at), text.slice(at));
      assert.equal(cut.replaceAll("[ansi-red-fg]", ""), whole.replaceAll("[ansi-red-fg]", ""));
    }
  }
});

Deno.test("AnsiReader drops what is for the terminal alone", () => {
  assert.equal(shown("a\x1b]0;title\x07b\x1b]52;c;aGk=\x1b\\c\x1bPq\x1b\\d"), "abcd");
  assert.equal(shown("\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07"), "link");
  assert.equal(shown("a\x1b[2Jb\x1b[10;10Hc\x1b[?25ld\x1b[>4;2me\x1b7f\x07"), "abcdef");
});

Deno.test("AnsiReader shows control characters and marks that reorder text", () => {
  assert.equal(
    shown("a\0b\x1f\x9c"),
    "a[ansi-control]\\x00b[ansi-control]\\x1f[ansi-control]\\x9c",
  );
  assert.equal(shown("a\u202eb\u200bc"), "a\\u202eb\\u200bc");
});

Deno.test("AnsiReader shows a sequence without an end instead of swallowing the rest", () => {
  assert.equal(shown("\x1b]0;never"), "[ansi-control]\\x1b]0;never");
  assert.match(shown(`\x1b]0;${"x".repeat(5000)}`, "after"), /x{5000}after$/);
});

Deno.test("AnsiReader gives the movements of a progress bar", () => {
  assert.equal(shown("1%\r2%\x1b[K\n"), "1%<return>2%<erase><newline>");
  assert.equal(shown("a\r\nb\bc"), "a<newline>b<back>c");
  assert.equal(shown("a\r", "\nb"), "a<return><newline>b");
});

Deno.test("AnsiReader takes one decoration away however often it was given", () => {
  assert.equal(shown("\x1b[1;1m\x1b[1m\x1b[22mx"), "x");
});

Deno.test("AnsiReader takes a hundred thousand sequences in its stride", () => {
  // Quadratic in the decorations, this would not end.
  const [last] = read("\x1b[1m".repeat(100_000) + "x");
  assert.equal(last?.kind === "text" && last.style.classes, "ansi-bold");
});

Deno.test("AnsiReader gives no control character, whatever comes, however it is cut", () => {
  const bits = fc.constantFrom(
    "\x1b",
    "[",
    "]",
    "m",
    "31",
    ";",
    "\x07",
    "\\",
    "a",
    "\n",
    "\r",
    "\x9b",
  );
  fc.assert(fc.property(fc.array(bits, { maxLength: 60 }), fc.nat(60), (parts, cut) => {
    const text = parts.join("");
    const once = read(text);
    const twice = read(text.slice(0, cut), text.slice(cut));
    const join = (actions: Action[]) =>
      actions.map((action) => action.kind === "text" ? action.text : `<${action.kind}>`).join("");
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(join(once), /[\x00-\x08\x0a-\x1f\x7f-\x9f]/);
    // Only of CR LF the halves are told apart; the return before a newline changes nothing.
    const plain = (actions: Action[]) => join(actions).replaceAll("<return><newline>", "<newline>");
    assert.equal(plain(twice), plain(once));
  }));
});

Deno.test("readable() makes every colour of the palette legible on the ground", () => {
  for (let index = 16; index < 256; index++) {
    const [red, green, blue] = readable(paletteColor(index), true).match(/\d+/g)!.map(Number);
    assert.ok(contrast([red!, green!, blue!], [16, 20, 26]) >= 4.5, `colour ${index}`);
  }
  assert.equal(readable([1, 2, 3], false), "rgb(1, 2, 3)");
});

Deno.test("contrast() is that of WCAG", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
});

function rgb(index: number): string {
  const color: Rgb = paletteColor(index);
  return readable(color, true).slice(4, -1);
}
