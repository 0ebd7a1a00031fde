/** The scripts of `completions`, in the shells for which they are. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { type DebianShells, debianShells } from "../toolchain/debian_shells.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";
import { Terminal } from "./terminal.ts";

const shells = await debianShells().catch((error: unknown) => {
  const reason = error instanceof Error ? error.message : String(error);
  console.warn(`IGNORED, zsh and fish cannot be fetched: ${reason}`);
  return null;
});

/** A flow that needs the shells from Debian. */
function shellFlow(
  title: string,
  body: (stage: Stage, shells: DebianShells) => Promise<void>,
): void {
  if (shells === null) Deno.test({ name: title, ignore: true, fn() {} });
  else flow(title, (stage) => body(stage, shells), { vias: ["source"] });
}

/** Jobs in several states, with ids that hold what bash cuts words at. */
async function fill(stage: Stage): Promise<void> {
  await stage.enqueue("echo one", "--id", "live:1");
  await stage.enqueue("exit 1", "--id", "dead:1", "-r", "0");
  await stage.enqueue("true", "--id", "a@host/1");
  await stage.ok("worker", "start", "--drain");
  await stage.enqueue("echo 'two words'", "--id", "live:2", "--queue", "mail");
  await Deno.mkdir(stage.join("sub"));
  await Deno.writeTextFile(stage.join("sub/my jobs.json"), '{"id":"from-file","command":"true"}');
}

/** The store as somebody may type it: a path has its quotes somewhere in the middle. */
function typedStore(stage: Stage): string {
  const path = stage.store.replace(`${stage.home}/.local/share`, "~/'.local/share'");
  return path === stage.store ? `'${path}'` : path;
}

/** A line, and what is printed when it is run as it stands after one Tab. */
type Typed = readonly [keys: string, output: RegExp];

const typed = (stage: Stage): readonly Typed[] => [
  // The one id that begins so (a part of fewer than 4 characters means none), and of two what they share.
  ["queuectl show a\t --json", /"id":"a@host\/1"/],
  ["queuectl show a@h\t --json", /"id":"a@host\/1"/],
  ["queuectl show a\\@h\t --json", /"id":"a@host\/1"/],
  ["queuectl show liv\t1 --json", /"id":"live:1"/],
  ["queuectl dlq sho\td\t--json", /"id":"dead:1"/],
  ["queuectl show 'a\t --json", /"id":"a@host\/1"/],
  // What can only be continued in one way.
  ["queuectl stat\t--js\t", /"oldest_pending_seconds"/],
  ["queuectl list --state=pending,comp\t --que\tma\t --json", /"id":"live:2"/],
  ["queuectl config get backoff_b\t", /^2\r?\n$/],
  // What the shell knows.
  ["queuectl enqueue --file=sub/m\t", /^from-file\r?\n$/],
  ["queuectl enqueue --id from-at @sub/m\t", /^from-at\r?\n$/],
  ["queuectl enqueue --id in-sub --cwd su\t -- mkfif\t", /^in-sub\r?\n$/],
  [`queuectl --db ${typedStore(stage)} list --queu\tma\t --json`, /"id":"live:2"/],
  ["queuectl enqueue --id listed -- ls sub/m\t", /^listed\r?\n$/],
];

/** The same, where the shell can complete the command after `--` as if it stood alone. */
const typedNested = (stage: Stage): readonly Typed[] => [
  ...typed(stage),
  ["queuectl enqueue --id nested --json -- queuectl dlq pur\t", /"command":"queuectl dlq purge"/],
];

/** Types lines in an interactive shell, and looks at what the commands print. */
async function typeAll(
  stage: Stage,
  terminal: Terminal,
  lines: readonly Typed[],
): Promise<void> {
  await terminal.shows(/READY> /);
  for (const [i, [keys, output]] of lines.entries()) {
    await terminal.type(`${keys} > out${i} 2>&1; echo $? > code${i}\n`);
    const printed = () => JSON.stringify(terminal.program.stdout.slice(-1000));
    await waitFor(() => stage.lines(`code${i}`).length === 1, {
      timeout: 60_000,
      message: () => `the end of ${keys}: ${printed()}`,
    });
    const message = `${JSON.stringify(keys)}: ${stage.read(`out${i}`)}${printed()}`;
    assert.match(stage.read(`out${i}`), output, message);
    assert.equal(stage.read(`code${i}`), "0\n", message);
  }
  assert.equal((await stage.job("in-sub")).cwd, stage.join("sub"));
  assert.equal((await stage.job("in-sub")).command, "mkfifo");
  assert.equal((await stage.job("listed")).command, "ls 'sub/my jobs.json'");
}

/** Ends the shell, and with it `script`. */
async function leave(stage: Stage, terminal: Terminal): Promise<void> {
  await terminal.type("exit 0\n");
  await stage.end(terminal.program);
}

const BASHRC = `PS1='READY> '\neval "$(queuectl completions bash)"\n`;

flow("completions bash: an interactive bash completes what is typed", async (stage) => {
  await fill(stage);
  await Deno.writeTextFile(stage.join("bashrc"), BASHRC);
  using terminal = await Terminal.open(stage, "bash --rcfile bashrc -i");
  await typeAll(stage, terminal, typed(stage));
  await terminal.type("queuectl dlq \t\t");
  await terminal.shows(/^list +show +retry +purge *\r?$/m);
  await terminal.type("\x15");
  await leave(stage, terminal);
});

flow(
  "completions bash: the function offers what there is, and says nothing without a store",
  async (stage) => {
    await Deno.writeTextFile(
      stage.join("offers"),
      `eval "$(queuectl completions bash)"
    offers() {
      COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=($1 '') COMP_CWORD=\${#COMP_WORDS[@]}
      _queuectl queuectl '' ''
      printf '%s|' "\${COMPREPLY[@]}"; echo
    }
    "$@"
    while IFS= read -r line; do offers "$line"; done\n`,
    );
    const offers = async (...lines: string[]) => {
      const stdin = lines.join("\n") + "\n";
      return (await stage.sh("exec bash offers", { stdin })).trimEnd().split("\n");
    };
    assert.deepEqual(await offers("queuectl show ", "queuectl dlq p"), ["|", "purge|"]);
    await assert.rejects(Deno.stat(stage.store), Deno.errors.NotFound);
    await fill(stage);
    const offered = await offers(
      "queuectl show ",
      "queuectl show live:",
      "queuectl cancel ",
      "queuectl dlq retry ",
      "queuectl list --queue ",
      "queuectl --db /nowhere/queue.db show ",
      "queuectl list --state pending,dea",
    );
    assert.deepEqual(offered, [
      "live:2|a@host/1|dead:1|live:1|",
      "2|1|",
      "live:2|",
      "dead:1|",
      "default|mail|",
      "|",
      "pending,dead|",
    ]);
  },
  { stores: BOTH_STORES },
);

shellFlow("completions bash: it works together with bash-completion", async (stage, shells) => {
  await fill(stage);
  const rc = `. '${shells.bashCompletion}'\n${BASHRC}complete -F _command over\n` +
    'over() { "$@"; }\n';
  await Deno.writeTextFile(stage.join("bashrc"), rc);
  using terminal = await Terminal.open(stage, "bash --rcfile bashrc -i");
  await typeAll(stage, terminal, typedNested(stage));
  await terminal.type("over queuectl show a\t --json > over; echo $? > over-code\n");
  await stage.untilLines("over-code");
  assert.match(stage.read("over"), /"id":"a@host\/1"/);
  await leave(stage, terminal);
});

shellFlow("completions zsh: an interactive zsh completes what is typed", async (stage, shells) => {
  await fill(stage);
  const rc = `${shells.zshrc}PS1='READY> '; autoload -Uz compinit; compinit -D -u
    eval "$(queuectl completions zsh)"\n`;
  await Deno.writeTextFile(stage.join(".zshrc"), rc);
  using terminal = await Terminal.open(stage, `'${shells.zsh}' -i`, shells.env);
  await typeAll(stage, terminal, typedNested(stage));
  await leave(stage, terminal);
});

shellFlow("completions zsh: from the fpath, it lists with descriptions", async (stage, shells) => {
  await fill(stage);
  await Deno.mkdir(stage.join("functions"));
  await stage.sh("queuectl completions zsh > functions/_queuectl");
  const rc = `${shells.zshrc}fpath+=(~/functions); PS1='READY> '
    autoload -Uz compinit; compinit -D -u\n`;
  await Deno.writeTextFile(stage.join(".zshrc"), rc);
  using terminal = await Terminal.open(stage, `'${shells.zsh}' -i`, shells.env);
  await terminal.shows(/READY> /);
  await terminal.type("queuectl show \t");
  await terminal.shows(/live:1 +-- completed: echo one/);
  const list = terminal.program.stdout.matchAll(/^(\S+) +-- (.*?) *\r?$/gm);
  assert.deepEqual([...list].map(([, id, text]) => [id, text]), [
    ["live:2", "pending: echo 'two words'"],
    ["a@host/1", "completed: true"],
    ["dead:1", "dead: exit 1"],
    ["live:1", "completed: echo one"],
  ]);
  await terminal.type("\x15");
  await leave(stage, terminal);
});

shellFlow("completions fish: it offers words with descriptions", async (stage, shells) => {
  await fill(stage);
  await Deno.mkdir(stage.join(".config/fish/completions"), { recursive: true });
  await stage.sh("queuectl completions fish > .config/fish/completions/queuectl.fish");
  const env = { ...shells.env, XDG_CONFIG_HOME: stage.join(".config") };
  const offers = async (line: string) => {
    const script = `'${shells.fish}' -c 'complete -C "$LINE"'`;
    return (await stage.sh(script, { env: { ...env, LINE: line } })).trimEnd().split("\n");
  };
  assert.deepEqual(await offers("queuectl show "), [
    "live:2\tpending: echo 'two words'",
    "a@host/1\tcompleted: true",
    "dead:1\tdead: exit 1",
    "live:1\tcompleted: echo one",
  ]);
  assert.deepEqual(await offers("queuectl show live:1"), ["live:1\tcompleted: echo one"]);
  assert.deepEqual(await offers("queuectl show 'dead"), ["dead:1\tdead: exit 1"]);
  assert.deepEqual(await offers("queuectl cancel "), ["live:2\tpending: echo 'two words'"]);
  assert.deepEqual(await offers("queuectl --db /nowhere/queue.db show "), [""]);
  assert.deepEqual(await offers(`queuectl --db ${typedStore(stage)} list -q m`), ["mail"]);
  assert.deepEqual(await offers("queuectl list --state=pending,dea"), ["--state=pending,dead"]);
  assert.deepEqual(await offers("queuectl list --state pending,dea"), ["pending,dead"]);
  assert.deepEqual(await offers("queuectl dlq pur"), ["purge\tDelete dead jobs"]);
  assert.deepEqual(await offers("queuectl enqueue --file=sub/m"), ["--file=sub/my jobs.json"]);
  assert.deepEqual(await offers("queuectl enqueue --file sub/m"), ["sub/my jobs.json"]);
  assert.deepEqual(await offers("queuectl enqueue @sub/m"), ["@sub/my jobs.json"]);
  assert.deepEqual(await offers("queuectl enqueue --cwd su"), ["sub/\tDirectory"]);
  assert.deepEqual(await offers("queuectl enqueue -- ls sub/m"), ["sub/my jobs.json"]);
  assert.deepEqual(await offers("queuectl enqueue --json -- queuectl dlq pur"), [
    "purge\tDelete dead jobs",
  ]);
  const commands = await offers("queuectl enqueue -- mkfif");
  assert.equal(commands[0]?.split("\t")[0], "mkfifo");
});
