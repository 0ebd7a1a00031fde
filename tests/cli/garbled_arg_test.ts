import { strictEqual } from "node:assert/strict";
import { garbledArg } from "../../src/cli/garbled_arg.ts";

/** A command line as the kernel keeps it. */
function commandLine(...words: (string | number[])[]): () => Uint8Array {
  const bytes = words.flatMap((word) => [
    ...(typeof word === "string" ? new TextEncoder().encode(word) : word),
    0,
  ]);
  return () => Uint8Array.from(bytes);
}

Deno.test("garbledArg() tells a byte that is no text from the character that stands for it", () => {
  const bad = [0x61, 0xff];
  strictEqual(garbledArg(["x", "a\ufffd"], commandLine("deno", "run", "x", bad)), 1);
  strictEqual(garbledArg(["a\ufffd", ""], commandLine("queuectl", bad, "")), 0);
  strictEqual(garbledArg(["x", "a\ufffd"], commandLine("deno", bad, "x", "a\ufffd")), null);
  // Half of a character, and a surrogate in UTF-8.
  strictEqual(garbledArg(["\ufffd"], commandLine("q", [0xe2, 0x82])), 0);
  strictEqual(garbledArg(["\ufffd\ufffd\ufffd"], commandLine("q", [0xed, 0xa0, 0x80])), 0);
});

Deno.test("garbledArg() looks only where it matters, and takes for text what it cannot look at", () => {
  const never = () => {
    throw new Error("There is no /proc");
  };
  strictEqual(garbledArg([], never), null);
  strictEqual(garbledArg(["ü", "日本"], never), null);
  strictEqual(garbledArg(["\ufffd"], never), null);
});
