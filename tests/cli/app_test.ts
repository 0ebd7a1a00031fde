import { deepStrictEqual, notStrictEqual, strictEqual } from "node:assert/strict";
import { APP, type Entry } from "../../src/cli/app.ts";
import { Argv, kebab } from "../../src/cli/argv.ts";
import type { Flags } from "../../src/cli/flags.ts";
import { GLOBAL_FLAGS } from "../../src/cli/globals.ts";
import { plan } from "../../src/cli/plan.ts";

const MEMBERS = APP.flatMap(({ members }) => members);
const ENTRIES: readonly (readonly [path: string, entry: Entry])[] = MEMBERS.flatMap((member) =>
  "entries" in member
    ? member.entries.map((entry) => [`${member.name} ${entry.name}`, entry] as const)
    : [[member.name, member] as const]
);

function namesOf(members: readonly { name: string; aliases?: readonly string[] }[]): string[] {
  return members.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
}

function assertUnique(words: readonly string[], where: string): void {
  const twice = words.filter((word, i) => words.indexOf(word) !== i);
  deepStrictEqual(twice, [], `${where}: twice`);
}

Deno.test("no name or alias of a command has two meanings", () => {
  assertUnique([...namesOf(MEMBERS), "help"], "commands");
  for (const member of MEMBERS) {
    if ("entries" in member) assertUnique(namesOf(member.entries), member.name);
  }
});

Deno.test("the bare name of a group means one of its commands", () => {
  for (const member of MEMBERS) {
    if (!("entries" in member) || member.bare === undefined) continue;
    notStrictEqual(member.entries.find(({ name }) => name === member.bare), undefined);
  }
});

Deno.test("every summary is one line in sentence case without a full stop", async () => {
  const check = (text: string, where: string) =>
    strictEqual(/^[^a-z\s].*[^.\s]$/.test(text), true, `${where}: ${text}`);
  for (const { name, summary } of MEMBERS) check(summary, name);
  for (const [path, entry] of ENTRIES) {
    check(entry.summary, path);
    const { command } = await entry.load();
    for (const [name, flag] of Object.entries(command.flags)) {
      if (!flag.hidden) check(flag.summary, `${path} ${name}`);
    }
    for (const arg of Object.values(command.args)) check(arg.summary, path);
    for (const [, does] of command.examples) check(does, path);
    notStrictEqual(command.examples.length, 0, `${path} has no example`);
  }
});

Deno.test("no flag of a command has two meanings", async () => {
  for (const [path, entry] of ENTRIES) {
    const flags: readonly Flags[] = [(await entry.load()).command.flags, GLOBAL_FLAGS];
    const all = flags.flatMap((table) => Object.entries(table));
    assertUnique(all.flatMap(([name, { aliases = [] }]) => [name, ...aliases].map(kebab)), path);
    assertUnique(all.flatMap(([, { short = [] }]) => short), path);
  }
});

Deno.test("only the last argument of a command takes many words, or may be absent", async () => {
  for (const [path, entry] of ENTRIES) {
    const args = Object.values((await entry.load()).command.args);
    for (const [i, arg] of args.entries()) {
      const next = args[i + 1];
      if (next === undefined) continue;
      strictEqual(arg.variadic, false, path);
      strictEqual(arg.required || !next.required, true, path);
    }
  }
});

Deno.test("every example is a command line that can be read", async () => {
  for (const [path, entry] of ENTRIES) {
    for (const [line] of (await entry.load()).command.examples) {
      const found = /(?:^|[|;] *)queuectl ([^|;]*)/.exec(line);
      notStrictEqual(found, null, `${path}: ${line}`);
      await plan(APP, new Argv(shellWords(found![1]!)));
    }
  }
});

/** The words of a simple shell command: quotes are understood, expansions are not. */
function shellWords(text: string): string[] {
  const command = text.replace(/\s[<>]\s*\S+/g, "");
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replace(/['"]/g, ""));
}
