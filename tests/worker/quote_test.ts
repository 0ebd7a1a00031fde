import assert from "node:assert/strict";
import fc from "fast-check";
import { quoteWords, shellQuote } from "../../src/worker/quote.ts";

/** Characters that mean something to a shell come up more often than chance would have it. */
const word = fc.string({
  unit: fc.oneof(
    fc.constantFrom(..."'\"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r-aé漢😀"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
}).filter((text) => !text.includes("\0") && text.isWellFormed());

/** One shell for many words: prints each argument with its end marked by a NUL. */
async function printedBy(shell: readonly string[], script: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(shell[0]!, {
    args: [...shell.slice(1), "-c", script],
    clearEnv: true,
    env: { PATH: "/usr/bin:/bin", LC_ALL: "C.UTF-8" },
  }).output();
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(stdout).split("\0").slice(0, -1);
}

for (const shell of [["/bin/sh"], ["bash", "--posix"]]) {
  Deno.test(`shellQuote() gives ${shell.join(" ")} back any text`, async () => {
    const lists = fc.array(word, { minLength: 1, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(lists, async (words) => {
        const script = `printf '%s\\0' ${words.map(shellQuote).join(" ")}`;
        assert.deepEqual(await printedBy(shell, script), words);
      }),
      { numRuns: 40 },
    );
  });

  Deno.test(`quoteWords() makes ${shell.join(" ")} run exactly the words`, async () => {
    const words = fc.array(word, { minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(words, async (rest) => {
        const script = quoteWords(["printf", "%s\\0", ...rest]);
        assert.deepEqual(await printedBy(shell, script), rest);
      }),
      { numRuns: 40 },
    );
  });
}

Deno.test("quoteWords() leaves plain words as they are", () => {
  assert.equal(
    quoteWords(["rsync", "-a", "--out=x", "/a/b.c", "u@h:1"]),
    "rsync -a --out=x /a/b.c u@h:1",
  );
});

Deno.test("quoteWords() quotes what is only special where a command begins", () => {
  assert.equal(quoteWords(["A=b", "A=b"]), "'A=b' A=b");
  assert.equal(quoteWords(["if", "if"]), "'if' if");
  assert.equal(quoteWords(["time", "time"]), "'time' time");
});

Deno.test("quoteWords() quotes the empty word", () => {
  assert.equal(quoteWords(["echo", "", "a b"]), "echo '' 'a b'");
});
