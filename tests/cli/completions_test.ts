import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { APP, type Section } from "../../src/cli/app.ts";
import * as arg from "../../src/cli/args.ts";
import { defineCommand } from "../../src/cli/command.ts";
import { readQuestion } from "../../src/cli/completion/answer.ts";
import { quoteForBash, readBashLine } from "../../src/cli/completion/bash_line.ts";
import { complete, type Completion, type Source } from "../../src/cli/completion/complete.ts";
import * as flag from "../../src/cli/flags.ts";
import type { Flags } from "../../src/cli/flags.ts";
import { GLOBAL_FLAGS } from "../../src/cli/globals.ts";
import { kebab } from "../../src/cli/argv.ts";
import { CONFIG_KEYS } from "../../src/config.ts";
import { FINAL_STATES, STATES } from "../../src/job/state.ts";
import { runFake } from "./fake_system.ts";
import { Queue } from "./queue.ts";

const GLOBALS = Object.keys(GLOBAL_FLAGS).map((name) => `--${kebab(name)}`);

/** Values in place of a store's: each hint gives two, and the second says which store is meant. */
const SOURCE: Source = (hint, _begin, db = "default") => {
  const name = typeof hint === "string" ? hint : hint.jobs.join("+");
  return Promise.resolve([name, `${name}@${db}`].map((value) => ({ value, description: "" })));
};

async function ask(...words: string[]): Promise<Completion> {
  return await complete(APP, words, SOURCE);
}

async function values(...words: string[]): Promise<string[]> {
  const { kind, candidates } = await ask(...words);
  strictEqual(kind, "values");
  return candidates.map(({ value }) => value);
}

Deno.test("complete() offers names of commands and groups, but no alias and nothing hidden", async () => {
  const all = await values("");
  for (const name of ["enqueue", "worker", "config", "completions"]) {
    strictEqual(all.includes(name), true, name);
  }
  for (const name of ["__complete", "add", "ls", "kill", "help"]) {
    strictEqual(all.includes(name), false, name);
  }
  deepStrictEqual(await values("__"), []);
  deepStrictEqual(await values("en"), ["enqueue"]);
  deepStrictEqual(await values("help", "en"), ["enqueue"]);
  deepStrictEqual(await values("--json", "--db", "config", "en"), ["enqueue"]);
  deepStrictEqual(await values("dlq", ""), ["list", "show", "retry", "purge"]);
  deepStrictEqual(await values("workers", "--json", "st"), ["start", "stop"]);
  deepStrictEqual(await values("nonsense", ""), []);
  deepStrictEqual(await values("help", "show", ""), []);
});

Deno.test("complete() describes what it offers", async () => {
  const { candidates } = await ask("enq");
  deepStrictEqual(candidates, [{ value: "enqueue", description: "Enqueue jobs" }]);
  const { candidates: [json] } = await ask("status", "--js");
  match(json?.description ?? "", /^Print JSON/);
});

Deno.test("complete() offers the flags of the command and the global ones, in kebab-case", async () => {
  const flags = await values("enqueue", "--");
  for (const name of ["--max-retries", "--backoff-base", "--file", ...GLOBALS]) {
    strictEqual(flags.includes(name), true, name);
  }
  strictEqual(flags.includes("--retries"), false, "an alias");
  deepStrictEqual(await values("list", "--li"), ["--limit"]);
  deepStrictEqual(await values("-"), GLOBALS);
  deepStrictEqual(await values("--lo"), ["--log-level", "--log-format"]);
  strictEqual((await values("dlq", "--")).includes("--limit"), true, "the group's bare command");
  deepStrictEqual(await values("help", "dlq", "--li"), []);
});

Deno.test("complete() leaves out flags that are given and may not be repeated", async () => {
  deepStrictEqual(await values("list", "-n", "3", "--li"), []);
  deepStrictEqual(await values("list", "--limit=3", "--li"), []);
  deepStrictEqual(await values("--json", "list", "--js"), []);
  deepStrictEqual(await values("logs", "-ft", "--t"), [], "letters in one word");
  deepStrictEqual(await values("list", "--state", "dead", "--sta"), ["--state"]);
});

Deno.test("complete() offers flags where no argument can follow, or nothing is known of one", async () => {
  strictEqual((await values("list", "")).includes("--state"), true);
  strictEqual((await values("show", "job1", "")).includes("--json"), true);
  strictEqual((await values("enqueue", "")).includes("--queue"), true);
  deepStrictEqual(await values("show", "job1", "x"), []);
});

Deno.test("complete() offers the words of a choice, and true and false", async () => {
  deepStrictEqual(await values("--color", ""), ["auto", "always", "never"]);
  deepStrictEqual(await values("list", "--sort", "-"), ["-created"]);
  const attached = await ask("worker", "start", "--drain=");
  deepStrictEqual(attached.prefix, "--drain=");
  deepStrictEqual(attached.candidates.map(({ value }) => value), ["true", "false"]);
  deepStrictEqual(await values("enqueue", "-p", "h"), ["high"]);
  deepStrictEqual(await values("worker", "start", "-dt"), [], "two letters, not -d=true");
});

Deno.test("complete() offers the items of a list that are not in it yet", async () => {
  deepStrictEqual(await values("list", "--state", ""), [...STATES]);
  const { prefix, candidates } = await ask("list", "-s", "dead", "--state=pending,de,");
  strictEqual(prefix, "--state=pending,de,");
  const offered = candidates.map(({ value }) => value);
  deepStrictEqual(offered, STATES.filter((state) => state !== "pending" && state !== "dead"));
  strictEqual((await ask("list", "-spending,f")).prefix, "-spending,");
  deepStrictEqual(await values("list", "-spending,f"), ["failed"]);
});

Deno.test("complete() leaves files, directories and the command after -- to the shell", async () => {
  const kind = async (...words: string[]) => {
    const { kind, prefix, before, candidates } = await ask(...words);
    deepStrictEqual(candidates, []);
    return [kind, prefix, before];
  };
  deepStrictEqual(await kind("--db", ""), ["file", "", 0]);
  deepStrictEqual(await kind("enqueue", "-f", "jo"), ["file", "", 0]);
  deepStrictEqual(await kind("enqueue", "--file=jo"), ["file", "--file=", 0]);
  deepStrictEqual(await kind("enqueue", "@jo"), ["file", "@", 0]);
  deepStrictEqual(await kind("enqueue", '{"id'), ["values", "", 0]);
  deepStrictEqual(await kind("enqueue", "--cwd", ""), ["directory", "", 0]);
  deepStrictEqual(await kind("enqueue", "--", ""), ["command", "", 2]);
  deepStrictEqual(await kind("enqueue", "--json", "--", "ls", "--", "-"), ["command", "", 3]);
  deepStrictEqual(await kind("nonsense", "--", ""), ["values", "", 0]);
});

Deno.test("complete() takes what follows -- as arguments where no command can stand there", async () => {
  deepStrictEqual(await values("dlq", "retry", "--", "d"), ["dead", "dead@default"]);
});

Deno.test("complete() asks for what a hint says, in the store that the line names", async () => {
  const asked = async (...words: string[]) => (await values(...words))[1];
  strictEqual(await asked("show", ""), "job@default");
  strictEqual(await asked("show", "--db", "a.db", ""), "job@a.db");
  strictEqual(await asked("--db=a.db", "logs", "-f", "j"), "job@a.db");
  strictEqual(await asked("retry", ""), "dead+cancelled+failed+completed@default");
  strictEqual(
    await asked("cancel", ""),
    "processing+held+blocked+scheduled+pending+failed@default",
  );
  for (const verb of ["show", "retry", "purge"]) {
    strictEqual(await asked("dlq", verb, ""), "dead@default");
  }
  strictEqual(await asked("dlq", "retry", "--job-id", ""), "dead@default");
  strictEqual(await asked("worker", "stop", ""), "worker@default");
  strictEqual(await asked("worker", "start", "-q", "mail,"), "queue@default");
  strictEqual(await asked("list", "--queue", ""), "queue@default");
  strictEqual(await asked("list", "--tag", ""), "tag@default");
  strictEqual(await asked("enqueue", "-q", ""), "queue@default");
  strictEqual(await asked("enqueue", "--tag=x,"), "tag@default");
  for (const verb of ["get", "set", "unset"]) {
    strictEqual(await asked("config", verb, ""), "config-key@default");
  }
  deepStrictEqual(await values("config", "set", "backoff_base", ""), []);
});

Deno.test("complete() knows what the verbs of queues, schedules and waiting jobs take", async () => {
  const asked = async (...words: string[]) => (await values(...words))[1];
  for (const verb of ["pause", "resume", "set"]) {
    strictEqual(await asked("queue", verb, ""), "queue@default");
  }
  for (const verb of ["pause", "resume", "remove", "next"]) {
    strictEqual(await asked("schedule", verb, ""), "schedule@default");
  }
  strictEqual(await asked("release", ""), "held@default");
  strictEqual(await asked("explain", ""), "job@default");
  strictEqual(await asked("worker", "scale", "3", ""), "worker@default");
  strictEqual(await asked("run", "--after", "one,"), "job@default");
  deepStrictEqual(await values("prune", "--state", ""), [...FINAL_STATES]);
  deepStrictEqual(await values("schedule", "add", "--hol"), [], "a flag that is refused");
  strictEqual((await ask("schedule", "add", "x", "--", "")).kind, "command");
});

Deno.test("whatever names a thing of the store, a file or a setting has a hint", async () => {
  const nameless = /^(ID|QUEUE|KEY|KEY VALUE|FILE|DIR|PATH|STATE,…|TAG|TAG,…|QUEUE,…|ZONE)$/;
  const groups = APP.flatMap(({ members }) => members);
  const entries = groups.flatMap((one) => "entries" in one ? one.entries : [one]);
  const bare: string[] = [];
  for (const { name, load } of entries) {
    const { command } = await load();
    const { id: _new, uniqueKey: _free, ...flags }: Flags = command.flags;
    for (
      const { placeholder, complete } of [...Object.values(command.args), ...Object.values(flags)]
    ) {
      if (complete === undefined && nameless.test(placeholder)) bare.push(`${name} ${placeholder}`);
    }
  }
  deepStrictEqual(bare, []);
});

Deno.test("complete() leaves out ids that are given already", async () => {
  deepStrictEqual(await values("dlq", "retry", "dead", ""), ["dead@default"]);
  deepStrictEqual(await values("dlq", "retry", "--", "dead", ""), ["dead@default"]);
});

Deno.test("complete() drops what a terminal would act on", async () => {
  const odd: Source = () =>
    Promise.resolve(["", "a\x1b[2J", "a\nb", "plain"].map((value) => ({ value, description: "" })));
  const { candidates } = await complete(APP, ["show", ""], odd);
  deepStrictEqual(candidates.map(({ value }) => value), ["plain"]);
});

const SHELLS_APP: readonly Section[] = [{
  title: "Test",
  members: [{
    name: "mend",
    summary: "Mend it",
    load: () =>
      Promise.resolve({
        command: defineCommand({
          flags: {
            part: flag.many(String, { summary: "A part", complete: ["a:b", "a c", "d'e"] }),
          },
          args: { thing: arg.one("THING", "What", ["x:1", "x:2"]) },
          examples: [],
          run: () => Promise.resolve(),
        }),
      }),
  }],
}];

/** What a shell's script gets as an answer. */
async function answer(shell: "bash" | "zsh" | "fish", ...given: string[]): Promise<string[]> {
  const question = readQuestion(shell, given);
  return question.answer(await complete(SHELLS_APP, question.words, SOURCE));
}

/** The default of bash. */
const BREAKS = " \t\n\"'@><=;|&(:";

Deno.test("readQuestion() answers bash with what follows the last break, quoted", async () => {
  deepStrictEqual(await answer("bash", "queuectl mend x:", BREAKS), ["values 0", "1", "2"]);
  deepStrictEqual(await answer("bash", "queuectl mend x:", " "), ["values 0", "x:1", "x:2"]);
  deepStrictEqual(await answer("bash", "queuectl mend x\\:", BREAKS), ["values 0", "x:1", "x:2"]);
  deepStrictEqual(await answer("bash", 'queuectl mend "x:', BREAKS), ["values 0", "x:1", "x:2"]);
  const parts = ["values 0", "a:b", "a\\ c", "d\\'e"];
  deepStrictEqual(await answer("bash", "queuectl mend --part ", BREAKS), parts);
  deepStrictEqual(await answer("bash", "queuectl mend --part=", BREAKS), parts);
  deepStrictEqual(await answer("bash", "queuectl mend --part='", BREAKS), [
    "values 0",
    "a:b",
    "a c",
  ]);
});

Deno.test("readQuestion() answers zsh and fish with descriptions", async () => {
  deepStrictEqual(await answer("zsh", "mend", "x:"), ["values 0", "x\\:1", "x\\:2"]);
  deepStrictEqual(await answer("zsh", "me"), ["values 0", "mend:Mend it"]);
  deepStrictEqual(await answer("zsh", "mend", "--part=a:"), ["values 7", "a\\:b"]);
  deepStrictEqual(await answer("fish", "me"), ["values 0", "mend\tMend it"]);
  deepStrictEqual(await answer("fish", "mend", "--part=a:"), ["values 7", "--part=a:b"]);
});

Deno.test("readBashLine() reads words as bash does", () => {
  const read = (line: string) => readBashLine(line, BREAKS);
  deepStrictEqual(read('q a \'b c\' "d\\"e" f\\ g h').words, ["q", "a", "b c", 'd"e', "f g", "h"]);
  deepStrictEqual(read("q  a\t").words, ["q", "a", ""]);
  deepStrictEqual(read(`q "a'b" 'c"d' "e\\f"`).words, ["q", "a'b", 'c"d', "e\\f"]);
  deepStrictEqual(read("q ''").words, ["q", ""]);
  deepStrictEqual(read("q a:b"), { words: ["q", "a:b"], kept: 2, quote: "" });
  deepStrictEqual(read("q a@b"), { words: ["q", "a@b"], kept: 1, quote: "" });
  deepStrictEqual(read("q 'a:b"), { words: ["q", "a:b"], kept: 0, quote: "'" });
  deepStrictEqual(read('q --a="b c'), { words: ["q", "--a=b c"], kept: 4, quote: '"' });
  deepStrictEqual(read('q "a"b'), { words: ["q", "ab"], kept: 1, quote: "" });
  deepStrictEqual(read("q a\\"), { words: ["q", "a"], kept: 0, quote: "" });
  deepStrictEqual(readBashLine("q --a='b", " "), { words: ["q", "--a=b"], kept: 4, quote: "'" });
  deepStrictEqual(readBashLine("", BREAKS).words, [""]);
});

Deno.test("quoteForBash() lets no value act on the command line", () => {
  strictEqual(quoteForBash("a:b@c/d-e_f.g,1", ""), "a:b@c/d-e_f.g,1");
  strictEqual(quoteForBash("$(rm x);`y`", ""), "\\$\\(rm\\ x\\)\\;\\`y\\`");
  strictEqual(quoteForBash("é🚀", ""), "\\é\\🚀");
  strictEqual(quoteForBash("a'b", "'"), null);
  strictEqual(quoteForBash("$a", "'"), "$a");
  for (const bad of ["$a", '"', "`", "\\", "!"]) strictEqual(quoteForBash(bad, '"'), null);
});

Deno.test("completions prints the script of a shell, and refuses others in a sentence", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await runFake(["completions", shell]);
    deepStrictEqual([code, stderr], [0, ""]);
    match(stdout, new RegExp(`queuectl __complete ${shell} -- `));
    match(stdout, /[^\n]\n$/);
    const json = await runFake(["completions", shell, "--json"]);
    deepStrictEqual(JSON.parse(json.stdout), { shell, script: stdout });
  }
  const unknown = await runFake(["completions", "tcsh"]);
  deepStrictEqual([unknown.code, unknown.stdout], [2, ""]);
  strictEqual(
    unknown.stderr,
    'queuectl: Unknown shell "tcsh": it must be one of bash, zsh, fish\n',
  );
  const missing = await runFake(["completions"]);
  deepStrictEqual([missing.code, missing.stdout], [2, ""]);
  match(missing.stderr, /^queuectl: Missing bash\|zsh\|fish\n/);
});

Deno.test("__complete is understood, and neither shown nor suggested", async () => {
  const { stdout } = await runFake(["--help"]);
  strictEqual(stdout.includes("__complete"), false);
  const { code, stderr } = await runFake(["__complet"]);
  deepStrictEqual([code, stderr.includes("__complete")], [2, false]);
  strictEqual(
    (await runFake(["__complete", "fish", "--", "stat"])).stdout,
    "values 0\nstatus\tCount jobs by state, show queues and workers\n",
  );
  strictEqual((await runFake(["__complete", "tcsh", "--", "stat"])).code, 2);
});

Deno.test("__complete is silent where there is no store, and makes none", async () => {
  const args = ["__complete", "fish", "--", "show", ""];
  const { code, stdout, stderr, opened } = await runFake(args, { env: { QUEUECTL_DB: "/x.db" } });
  deepStrictEqual([code, stdout, stderr], [0, "values 0\n", ""]);
  deepStrictEqual(opened, [{ location: "/x.db", create: false }]);
  const homeless = await runFake(args, { env: { HOME: "" } });
  deepStrictEqual([homeless.code, homeless.stdout, homeless.stderr], [0, "values 0\n", ""]);
});

Deno.test("__complete opens the store that the line names, as the shell would read its path", async () => {
  const opened = async (db: string) => {
    const words = ["--", "--db", db, "show", ""];
    const run = await runFake(["__complete", "fish", ...words], { env: { QUEUECTL_DB: "/x.db" } });
    return run.opened[0]?.location;
  };
  strictEqual(await opened("a.db"), "/srv/a.db");
  strictEqual(await opened("~/a.db"), "/home/ada/a.db");
  strictEqual(await opened("$HOME/a.db"), "/home/ada/a.db");
  strictEqual(await opened("${HOME}/a.db"), "/home/ada/a.db");
  strictEqual(await opened("$UNSET/a.db"), "/srv/$UNSET/a.db");
});

Deno.test("__complete opens no store where none is needed", async () => {
  for (
    const words of [[""], ["li"], ["list", "--"], ["list", "--state", ""], ["config", "get", ""]]
  ) {
    const { opened, code } = await runFake([
      "__complete",
      "bash",
      "--",
      `q ${words.join(" ")}`,
      "",
    ]);
    deepStrictEqual([opened, code], [[], 0]);
  }
  const { stdout } = await runFake(["__complete", "bash", "--", "queuectl config get ", BREAKS]);
  deepStrictEqual(stdout.trimEnd().split("\n"), ["values 0", ...CONFIG_KEYS]);
});

/** The candidates of the real store, as fish gets them. */
async function live(queue: Queue, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await queue.cli("__complete", "fish", "--", ...words);
  deepStrictEqual([code, stderr], [0, ""]);
  return stdout.trimEnd().split("\n").slice(1);
}

Deno.test("__complete offers what is in the store, newest first, by the states of the verb", async () => {
  await using queue = await Queue.open();
  await queue.join("w1");
  await queue.ran({ id: "bad:1", command: "false" }, 1);
  await queue.ran({ id: "good", command: "true \x1b[2J" }, 0);
  await queue.add({ id: "mail:1", queue: "mail", tags: ["x", "y"] }, { id: "mail:2", tags: ["x"] });
  deepStrictEqual(await live(queue, "show", ""), [
    "mail:2\tpending: true",
    "mail:1\tpending: true",
    "good\tcompleted: true \\x1b[2J",
    "bad:1\tdead: false",
  ]);
  deepStrictEqual(await live(queue, "show", "mail:"), [
    "mail:2\tpending: true",
    "mail:1\tpending: true",
  ]);
  deepStrictEqual(await live(queue, "dlq", "retry", ""), ["bad:1\tdead: false"]);
  deepStrictEqual(await live(queue, "retry", "g"), ["good\tcompleted: true \\x1b[2J"]);
  deepStrictEqual(await live(queue, "cancel", ""), [
    "mail:2\tpending: true",
    "mail:1\tpending: true",
  ]);
  deepStrictEqual(await live(queue, "cancel", "mail:2", "mail"), ["mail:1\tpending: true"]);
  deepStrictEqual(await live(queue, "list", "--queue", ""), ["default", "mail"]);
  deepStrictEqual(await live(queue, "list", "--tag", ""), ["x", "y"]);
  const [worker] = await live(queue, "worker", "stop", "");
  match(worker ?? "", /^w1\trunning, /);
  strictEqual((await live(queue, "config", "get", "backoff_b"))[0]?.split("\t")[0], "backoff_base");
});

Deno.test("__complete offers schedules with when they fire, and time zones", async () => {
  await using queue = await Queue.open();
  await queue.store.addSchedule({
    name: "nightly",
    cron: "30 2 * * *",
    timezone: "UTC",
    catchUp: "none",
    overlap: "allow",
    spec: JSON.stringify({ command: "true", env: { TOKEN: "secret" } }),
    nextAt: null,
  });
  deepStrictEqual(await live(queue, "schedule", "pause", ""), ["nightly\t30 2 * * *"]);
  deepStrictEqual(await live(queue, "schedule", "add", "--tz", "Europe/Vien"), ["Europe/Vienna"]);
});

Deno.test("__complete offers at most 200 ids, those that begin as typed", async () => {
  await using queue = await Queue.open();
  await queue.add("old:1", ...Array.from({ length: 2100 }, (_, i) => `new:${i}`));
  strictEqual((await live(queue, "show", "")).length, 200);
  deepStrictEqual(await live(queue, "show", "old"), ["old:1\tpending: true"]);
  strictEqual((await live(queue, "show", "new:249"))[0], "new:249\tpending: true");
  const many = await live(queue, "show", "new:");
  deepStrictEqual([many.length, many[0]], [200, "new:2099\tpending: true"]);
  deepStrictEqual(await live(queue, "show", "%"), []);
});

Deno.test("__complete --json prints one value", async () => {
  await using queue = await Queue.open();
  await queue.add("a:1");
  const { stdout } = await queue.cli(
    "__complete",
    "bash",
    "--json",
    "--",
    "queuectl show a",
    BREAKS,
  );
  deepStrictEqual(JSON.parse(stdout), {
    kind: "values",
    prefix: "",
    candidates: [{ value: "a:1", description: "pending: true" }],
    before: 0,
  });
});
