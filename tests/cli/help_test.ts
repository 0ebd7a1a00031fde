import { strictEqual } from "node:assert/strict";
import { APP, type Section } from "../../src/cli/app.ts";
import * as arg from "../../src/cli/args.ts";
import { defineCommand } from "../../src/cli/command.ts";
import * as flag from "../../src/cli/flags.ts";
import { runFake } from "./fake_system.ts";
import { assertGolden } from "./golden.ts";

/** A command with everything that help can show. */
const FIXTURE: readonly Section[] = [{
  title: "Fixtures",
  members: [{
    name: "mend",
    aliases: ["fix"],
    summary: "Mend what is broken",
    load: () =>
      Promise.resolve({
        command: defineCommand({
          description: [
            "A first paragraph that is long enough to be wrapped, at whatever width the terminal has.",
            "A second one.",
          ],
          flags: {
            count: flag.integer({ summary: "How many", short: "c", default: 3 }),
            grace: flag.duration({ summary: "How long to wait", default: 90_000 }),
            manner: flag.choice(["well", "badly"], { summary: "How to do it", default: "well" }),
            anExceedinglyLongName: flag.string({ summary: "Something that is seldom needed" }),
            tag: flag.list(String, { summary: "Labels", placeholder: "TAG,…", aliases: ["label"] }),
            quietly: flag.boolean({ summary: "Say nothing", short: "q" }),
          },
          args: {
            thing: arg.one("THING", "What to mend"),
            others: arg.any("OTHER", "What else to mend"),
          },
          rest: "CMD [ARG…]",
          examples: [["queuectl mend vase -c 2", "Mend the vase twice"]],
          exitCodes: [["0", "It is whole"], ["1", "It is still broken"]],
          run: () => Promise.resolve(),
        }),
      }),
  }],
}];

Deno.test("help shows all of a command", async () => {
  const { code, stdout } = await runFake(["mend", "--help"], {}, FIXTURE);
  strictEqual(code, 0);
  await assertGolden("help_fixture", stdout);
});

Deno.test("help fits a narrow terminal, and is not wider than 100 columns", async () => {
  const narrow = await runFake(["fix", "-h"], { columns: 40, env: { NO_COLOR: "1" } }, FIXTURE);
  await assertGolden("help_fixture_narrow", narrow.stdout);
  const wide = await runFake(["help"], { columns: 300 });
  for (const line of wide.stdout.split("\n")) strictEqual(line.length <= 100, true, line);
});

Deno.test("help overview", async () => {
  const { code, stdout } = await runFake(["--help"]);
  strictEqual(code, 0);
  await assertGolden("help", stdout);
  for (const args of [[], ["help"], ["-h"], ["--json", "--help"], ["help", "--db", "x"]]) {
    strictEqual((await runFake(args)).stdout, stdout, args.join(" "));
  }
});

for (const member of APP.flatMap(({ members }) => members)) {
  const entries = "entries" in member ? member.entries.map(({ name }) => [member.name, name]) : [];
  for (const path of [[member.name], ...entries]) {
    Deno.test(`help ${path.join(" ")}`, async () => {
      const { code, stdout } = await runFake([...path, "--help"]);
      strictEqual(code, 0);
      await assertGolden(`help_${path.join("_")}`, stdout);
      strictEqual((await runFake(["help", ...path])).stdout, stdout);
      strictEqual((await runFake(["-h", ...path])).stdout, stdout);
      for (const line of stdout.split("\n")) strictEqual(line.length <= 80, true, line);
    });
  }
}
