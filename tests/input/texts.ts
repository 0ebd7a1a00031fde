/**
 * Texts that somebody hostile, or a broken program, would write.
 *
 * @module
 */

import fc from "fast-check";

/** Each is something that a terminal, a table, a pattern or a parser might act on. */
export const NASTY = [
  ..."\0\x01\x07\b\t\n\v\f\r\x1b\x7f",
  ...[
    "\x1b[31m",
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x1bP1;2q\x1b\\",
    "\x1b]8;;http://x\x1b\\",
    "\x1bc",
  ],
  ...["\x85", "\x90", "\x9b31m", "\x9d0;t\x9c", "\xa0", "\xad"],
  ...[
    "\u061c",
    "\u200b",
    "\u200c",
    "\u200d",
    "\u200e",
    "\u200f",
    "\u2028",
    "\u2029",
    "\u202a",
    "\u202e",
  ],
  ...[
    "\u2060",
    "\u2066",
    "\u2069",
    "\u206f",
    "\ufeff",
    "\ufff9",
    "\u{e0041}",
    "\ufe0f",
    "\u0301\u0302\u0303",
  ],
  ...["日本語", "한국", "ｱ", "Ａ", "é", "e\u0301", "😀", "👩‍👧", "🏳️‍🌈", "🇩🇪", "עברית", "العربية", "ü"],
  ...[
    "%",
    "_",
    "*",
    "?",
    "[a-z]",
    "..",
    "../..",
    "/",
    "\\",
    "\\n",
    '"',
    "'",
    "`",
    "$(id)",
    "${x}",
    ";",
  ],
  ...[
    "-",
    "--",
    "-1",
    "=",
    ",",
    " ",
    "  ",
    "{",
    "}",
    "[",
    "]",
    ":",
    "@",
    "#",
    "&",
    "|",
    "<",
    ">",
    "~",
    "!",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "null",
    "true",
    "0",
    "1e400",
    "0x10",
  ],
] as const;

/** Halves of surrogate pairs: they cannot come through arguments, but through `\ud800` in JSON. */
export const LONE = ["\ud800", "\udfff", "\udc00\ud800"] as const;

const LONG = ["x", "é", "日", "😀", "\x1b", "\n", "\u0301", "%", "../"].map((unit) =>
  fc.integer({ min: 60, max: 3000 }).map((count) => unit.repeat(count))
);

/** Any text that UTF-8 can carry, often a nasty one; it may hold NULs. */
export const text: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.array(fc.oneof(nasty(), word()), { maxLength: 6 }).map((all) => all.join("")),
  },
  { weight: 2, arbitrary: nasty() },
  { weight: 2, arbitrary: fc.string({ unit: "binary" }).map((all) => all.toWellFormed()) },
  { weight: 1, arbitrary: fc.oneof(...LONG) },
);

/** What an argument of a program can be: text without a NUL. */
export const argument: fc.Arbitrary<string> = text.map((text) => text.replaceAll("\0", "0"));

/** What a job may hold as its command, and more: not blank. */
export const commandText: fc.Arbitrary<string> = argument.map((text) =>
  text.trim() === "" ? `true ${text}` : text
);

/** A text that is nearly one of these: something is put in, taken out, doubled or changed in it. */
export function near(...models: readonly string[]): fc.Arbitrary<string> {
  const model = fc.constantFrom(...models);
  return fc.oneof(
    { weight: 2, arbitrary: model },
    { weight: 4, arbitrary: fc.tuple(model, fc.nat(), fc.nat(3), piece()).map(splice) },
    {
      weight: 2,
      arbitrary: fc.tuple(
        fc.tuple(model, fc.nat(), fc.nat(3), piece()).map(splice),
        fc.nat(),
        fc.nat(3),
        piece(),
      )
        .map(splice),
    },
    { weight: 1, arbitrary: argument },
  );
}

function splice([text, at, length, piece]: [string, number, number, string]): string {
  const start = at % (text.length + 1);
  return text.slice(0, start) + piece + text.slice(start + length);
}

function piece(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constant(""),
    fc.constantFrom(..."0123456789-+.:/,* \tTZze%_"),
    nasty().map((text) => text.replaceAll("\0", "0")),
  );
}

function nasty(): fc.Arbitrary<string> {
  return fc.constantFrom(...NASTY);
}

function word(): fc.Arbitrary<string> {
  return fc.constantFrom("a", "job", "sleep 1", "echo hi", "Ab-1", "x.y");
}
