import { deepStrictEqual, fail, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { escapeJson, escapeLines, escapeText } from "../src/escape.ts";

/** What a terminal might act on, written out code by code. */
function isUnsafe(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x61c ||
    code === 0x200e || code === 0x200f || (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0xd800 && code <= 0xdfff) || isUnseen(code);
}

/** Ranges of characters that are not seen, by the Unicode standard's list, but for joiners and selectors. */
const UNSEEN: readonly (readonly [number, number])[] = [
  [0xad, 0xad],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180e, 0x180e],
  [0x200b, 0x200b],
  [0x2060, 0x206f],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0x1bca0, 0x1bca3],
  [0x1d173, 0x1d17a],
  [0xe0000, 0xe00ff],
  [0xe01f0, 0xe0fff],
];

function isUnseen(code: number): boolean {
  return UNSEEN.some(([from, to]) => code >= from && code <= to);
}

function unsafeCodes(text: string): number[] {
  return [...text].map((char) => char.codePointAt(0)!).filter(isUnsafe);
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
);

Deno.test("escapeText() shows controls, bidi marks, lone surrogates and what is not seen", () => {
  const expected: Record<string, string> = {
    "\x1b[31m": "\\x1b[31m",
    "a\nb\r\t": "a\\nb\\r\\t",
    "\0\x7f\x9b": "\\x00\\x7f\\x9b",
    "\u202egpj": "\\u202egpj",
    "\u2066\u200f\u2028": "\\u2066\\u200f\\u2028",
    "\ud800x": "\\ud800x",
    "ad\u200bmin so\xadft \ufeff": "ad\\u200bmin so\\xadft \\ufeff",
    "tag\u{e0041}": "tag\\u{e0041}",
    "\\n stays, so do é, 日本 and 😀": "\\n stays, so do é, 日本 and 😀",
    "👩‍👧 ❤\ufe0f": "👩‍👧 ❤\ufe0f",
    "1\ufe0f a\u200d\x01\u200c\ufe0f\u200b\u200d":
      "1\\ufe0f a\\u200d\\x01\\u200c\\ufe0f\\u200b\\u200d",
  };
  for (const [input, output] of Object.entries(expected)) strictEqual(escapeText(input), output);
});

Deno.test("escapeText() escapes each unsafe code and no other", () => {
  for (let code = 0; code <= 0x10ffff; code++) {
    // Joiners stay after a letter.
    const char = `あ${String.fromCodePoint(code)}`;
    // A million assertions would take seconds.
    if ((escapeText(char) !== char) !== isUnsafe(code)) fail(`U+${code.toString(16)}`);
  }
});

Deno.test("escapeText() leaves nothing unsafe", () => {
  fc.assert(fc.property(text, (text) => {
    deepStrictEqual(unsafeCodes(escapeText(text)), []);
    strictEqual(escapeText(escapeText(text)), escapeText(text));
  }));
});

Deno.test("escapeLines() leaves newlines alone", () => {
  fc.assert(fc.property(text, (text) => {
    strictEqual(escapeLines(text), text.split("\n").map(escapeText).join("\n"));
  }));
});

Deno.test("escapeJson() is the same value on one line, with nothing unsafe", () => {
  const value = fc.dictionary(fc.string({ unit: "binary" }), fc.oneof(text, fc.double()));
  fc.assert(fc.property(value, (value) => {
    const json = escapeJson(value);
    deepStrictEqual(JSON.parse(json), JSON.parse(JSON.stringify(value)));
    deepStrictEqual(unsafeCodes(json), []);
    deepStrictEqual(JSON.parse(escapeJson(value, 2)), JSON.parse(json));
  }));
});
