import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { escapeJson, escapeLines, escapeText } from "../src/escape.ts";

/** What a terminal might act on, written out code by code. */
function isUnsafe(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code === 0x61c ||
    code === 0x200e || code === 0x200f || (code >= 0x2028 && code <= 0x202e) ||
    (code >= 0x2066 && code <= 0x2069) || (code >= 0xd800 && code <= 0xdfff);
}

function unsafeCodes(text: string): number[] {
  return [...text].map((char) => char.codePointAt(0)!).filter(isUnsafe);
}

const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes)),
);

Deno.test("escapeText() shows controls, bidi marks and lone surrogates", () => {
  const expected: Record<string, string> = {
    "\x1b[31m": "\\x1b[31m",
    "a\nb\r\t": "a\\nb\\r\\t",
    "\0\x7f\x9b": "\\x00\\x7f\\x9b",
    "\u202egpj": "\\u202egpj",
    "\u2066\u200f\u2028": "\\u2066\\u200f\\u2028",
    "\ud800x": "\\ud800x",
    "\\n stays, so do é, 日本 and 😀": "\\n stays, so do é, 日本 and 😀",
    "👩‍👧": "👩‍👧",
  };
  for (const [input, output] of Object.entries(expected)) strictEqual(escapeText(input), output);
});

Deno.test("escapeText() escapes each unsafe code and no other", () => {
  for (let code = 0; code <= 0xffff; code++) {
    const char = String.fromCharCode(code);
    strictEqual(escapeText(char) !== char, isUnsafe(code), `U+${code.toString(16)}`);
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
