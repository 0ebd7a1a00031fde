import assert from "node:assert/strict";
import { APP } from "../../src/cli/app.ts";
import { Argv } from "../../src/cli/argv.ts";
import { plan } from "../../src/cli/plan.ts";
import { commandLines, crontabCommands, simpleCommands } from "./command_lines.ts";
import { REPOSITORY } from "./folders.ts";
import { BlockError, fillBlocks, REFERENCE_TASK } from "./readme_blocks.ts";
import { referenceBlocks } from "./reference_blocks.ts";

const README = await Deno.readTextFile(`${REPOSITORY}README.md`);

Deno.test("README.md has the commands, flags, job keys and settings that the program has", async () => {
  const filled = fillBlocks(README, await referenceBlocks());
  if (filled === README) return;
  const [is, should] = [README.split("\n"), filled.split("\n")];
  const at = should.findIndex((line, index) => line !== is[index]);
  assert.fail(
    `README.md is not what the program says; to write it anew: ${REFERENCE_TASK}\n` +
      `line ${at + 1} is       ${is[at]}\nand should be ${should[at]}`,
  );
});

Deno.test("README.md has no command line that queuectl would not understand", async () => {
  const lines = commandLines(README, "queuectl");
  assert.ok(lines.length > 20, `only ${lines.length} command lines`);
  for (const words of [...lines, ...inlineLines(README)]) {
    await assert.doesNotReject(plan(APP, new Argv(words)), `queuectl ${words.join(" ")}`);
  }
});

/** Command lines in the running text, such as `queuectl config set KEY VALUE`. */
function inlineLines(markdown: string): string[][] {
  const text = markdown.replaceAll(/^ *```.*?^ *```$/gms, "");
  return [...text.matchAll(/`(queuectl [a-z][^`]*)`/g)].flatMap(([, line = ""]) =>
    simpleCommands(line).map(([, ...args]) => args)
  );
}

Deno.test("fillBlocks() fills what is between the marks and leaves the rest alone", () => {
  const mark = (text: string) =>
    `<!-- begin a: written by \`deno task reference\` -->\n<!-- deno-fmt-ignore-start -->\n${text}` +
    "<!-- deno-fmt-ignore-end -->\n<!-- end a -->\n";
  const blocks = new Map([["a", "new $& $1"]]);
  const filled = `before\n${mark("\nnew $& $1\n\n")}after\n`;
  assert.equal(fillBlocks(`before\n${mark("old\n")}after\n`, blocks), filled);
  assert.equal(fillBlocks(filled, blocks), filled);
  for (const text of ["", mark("") + mark(""), mark("").replace("<!-- end a -->", "")]) {
    assert.throws(() => fillBlocks(text, blocks), BlockError);
  }
});

Deno.test("simpleCommands() reads what the shell would start", () => {
  const cases: readonly (readonly [script: string, commands: readonly string[][]])[] = [
    ["a b  c # d", [["a", "b", "c"]]],
    [`a 'b c' "d \\"e" f\\ g h'i'"j" ''`, [["a", "b c", 'd "e', "f g", "hij", ""]]],
    ["a | b && c; d || e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]],
    ["a \\\n  b\nc", [["a", "b"], ["c"]]],
    ["a < in > out 2>&1 b >>x", [["a", "b"]]],
    ["A=1 B='x y' a #b\n# c", [["a"]]],
    ["if ! a; then exec b; fi", [["a"], ["b"], ["fi"]]],
    ['a "$(b c)" $(d e)', [["a", "$(b c)"], ["d", "e"], ["b", "c"]]],
    ["a#b c%", [["a#b", "c%"]]],
    [`a '{"x":"y # z"}'`, [["a", '{"x":"y # z"}']]],
  ];
  for (const [script, commands] of cases) {
    assert.deepEqual(simpleCommands(script), commands, script);
  }
});

Deno.test("crontabCommands() leaves out comments, variables and times", () => {
  const crontab = "# all\nPATH=/bin\n\n* * * * * a b\n*/5 1,2 1-7 JAN mon c\n@daily d e # f";
  assert.deepEqual(crontabCommands(crontab), ["a b", "c", "d e # f"]);
});
