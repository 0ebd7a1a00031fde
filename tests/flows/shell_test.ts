/** A command means what it means to `/bin/sh -c`. */

import assert from "node:assert/strict";
import { flow, type JobJson, killIfThere, type Stage } from "./stage.ts";

/** Each one is run by `/bin/sh -c -- COMMAND` and as a job, and both have to end and write the same. */
const COMMANDS: Readonly<Record<string, string>> = {
  "double quotes": `echo "two  words" "it's"`,
  "single quotes": `echo 'a "b" $HOME \\n'`,
  "quotes in quotes": `echo "a'b" 'c"d' "e\\"f" 'g'\\''h'`,
  "newlines": "echo one\necho two\n\necho three",
  "a newline in quotes": "echo 'one\ntwo'",
  "CR and tab": "printf '%s' 'a\r\tb' | od -c",
  "dollar": "x=5; echo \"$x\" '$x' \\$x $((x * 2)) $(echo sub) `echo back` ${x:-no} $$x | wc -w",
  "backslashes": "printf '%s\\n' '\\\\' \\\\ a\\ b \"c\\\\d\" '\\x'",
  "Unicode": "echo 'Grüße, 世界 🚀 é'",
  "Unicode outside of quotes": "echo ÄÖ→🚀",
  "a leading dash": "-n hello",
  "a leading dash that could be an option": "-c 'echo no'",
  "two leading dashes": "-- echo no",
  "exit 3": "exit 3",
  "exit 255": "exit 255",
  "exit 256": "(exit 256)",
  "false": "false",
  "kill -9 $$": "echo before; kill -9 $$; echo after",
  "kill -TERM $$": "kill -TERM $$; sleep 5",
  "kill -INT $$": "kill -INT $$; sleep 5",
  "kill -PIPE $$": "kill -PIPE $$; sleep 5",
  "a child's signals": "sh -c 'kill -INT $$'; echo $?; sh -c 'kill -TERM $$'; echo $?",
  "a broken pipe": "yes | head -n 2; sh -c 'kill -PIPE $$'; echo $?",
  "exec sleep 1": "exec sleep 1",
  "exec of another program": "exec printf '%s|' a b",
  "reading stdin": 'cat; echo code $?; read line; echo $? "<$line>"',
  "a background child that is waited for": "(sleep 0.1; echo child) & wait $!; echo parent",
  "a background child that gets SIGINT":
    "sh -c 'trap \"echo int; exit\" INT; echo up > up; while :; do sleep 0.05; done' & " +
    "until test -e up; do sleep 0.05; done; kill -INT $! 2>/dev/null; sleep 0.2; " +
    "kill -KILL $! 2>/dev/null && echo ignored; wait; rm up",
  "a pipeline": "printf 'b\\na\\n' | sort | tr a-z A-Z",
  "a here-document": "cat <<'END'\n$HOME 'quoted'\nEND\n",
  "redirections": "echo out; echo err >&2; echo both 2>&1 1>&2",
  "a syntax error": "if then",
  "an unclosed quote": "echo 'oops",
  "a subshell and a group": "(exit 4); echo $?; { echo in; }",
  "set -e": "set -e; false; echo never",
  "a trap": "trap 'echo bye' EXIT; exit 6",
  "what is trapped": "trap",
  // Without the two that the C library uses itself.
  "ignored signals": "sed -En 's/^(Sig(Blk|Ign|Cgt)):.*(.{8})$/\\1 \\3/p' /proc/self/status",
  "open descriptors": "ls /proc/self/fd | tr '\\n' ' '",
  "positional parameters": 'echo "$0" "$#" "$-"',
  "shell variables": 'echo "$IFS" | od -c; echo "$OPTIND $LINENO"',
  "umask, limits and nice": "umask; ulimit -a; nice",
  "no terminal": "test -t 0 || test -t 1 || test -t 2; echo $?",
  "a comment": "echo shown # echo hidden",
  "only a comment": "# nothing",
  "a trailing backslash": "echo a\\",
  "a trailing ampersand": "true &",
  "globs and tildes": "echo * ~ [ab]*",
  "a control character": "printf '%s' '\u0001\u001b[31m' | od -c",
  "not found": "nonexistent_cmd",
  "not executable": "/etc/passwd",
  "a directory": "/tmp",
  "__queuectl_s": "echo $__queuectl_s; __queuectl_s=7; exit 0; }",
  "an argument of 120,000 bytes": `echo ${"x".repeat(120_000)} | wc -c`,
};

/** How a command ended and what it wrote. */
interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function underSh(stage: Stage, command: string): Promise<Result> {
  const { code, stdout, stderr } = await new Deno.Command("/bin/sh", {
    args: ["-c", "--", command],
    cwd: stage.home,
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: stage.home },
    stdin: "null",
  }).output();
  return { code, stdout: decode(stdout), stderr: decode(stderr) };
}

async function asJob(stage: Stage, { id, state, exit_code: code }: JobJson): Promise<Result> {
  assert.equal(state, code === 0 ? "completed" : "dead");
  const pieces = await stage.json<readonly { stream: string; text: string }[]>("logs", id);
  const written = (stream: string) =>
    pieces.filter((piece) => piece.stream === stream).map(({ text }) => text).join("");
  return { code, stdout: written("stdout"), stderr: written("stderr") };
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

flow("commands behave as under /bin/sh -c", async (stage) => {
  const entries = Object.entries(COMMANDS);
  const jobs = entries.map(([, command], n) =>
    JSON.stringify({ id: `job-${n}`, command, max_retries: 0 })
  );
  const enqueued = await stage.run(["enqueue"], { stdin: jobs.join("\n") });
  assert.equal(enqueued.code, 0, enqueued.stderr);
  const worker = await stage.run(["worker", "start", "--drain", "--count", "1"]);
  assert.equal(worker.code, 0, worker.stderr);
  const ended = await stage.json<JobJson[]>("list", "--sort", "created");
  const differing: string[] = [];
  for (const [n, [title, command]] of entries.entries()) {
    const [wanted, got] = await Promise.all([
      underSh(stage, command),
      asJob(stage, ended[n]!),
    ]);
    try {
      assert.deepEqual(got, wanted);
    } catch (error) {
      differing.push(`${title}: ${(error as Error).message}`);
    }
  }
  assert.deepEqual(differing, []);
});

flow("a signal's end and a missing command are told in words", async (stage) => {
  await stage.enqueue("kill -9 $$", "--id", "killed", "-r", "0");
  await stage.enqueue("/etc/passwd", "--id", "forbidden", "-r", "0");
  await stage.ok("worker", "start", "--drain");
  assert.equal((await stage.job("killed")).error, "exit code 137 (SIGKILL)");
  assert.equal((await stage.job("forbidden")).error, "exit code 126 (command cannot be executed)");
});

flow("words after -- reach the program as exactly them, one word is shell text", async (stage) => {
  const words = [
    "printf",
    "<%s>",
    "a b",
    "",
    "$HOME",
    "'",
    '"',
    "\\",
    "*",
    "-n",
    "a\nb",
    "🚀",
    ";ls",
  ];
  const { stdout, code, stderr } = await stage.run(["enqueue", "--id", "words", "--", ...words]);
  assert.deepEqual([code, stdout, stderr], [0, "words\n", ""]);
  await stage.run(["enqueue", "--id", "text", "--", "echo $((1 + 1)); echo '-x'"]);
  await stage.run(["enqueue", "--id", "dashes", "--", "echo", "--", "-h", "--json", "--help"]);
  await stage.run(["enqueue", "--id", "flag", "--command", "--version"]);
  await stage.ok("worker", "start", "--drain", "--drain-wait", "0");
  assert.equal(
    await stage.ok("logs", "words"),
    words.slice(2).map((word) => `<${word}>`).join(""),
  );
  assert.equal(await stage.ok("logs", "text"), "2\n-x\n");
  assert.equal(await stage.ok("logs", "dashes"), "-- -h --json --help\n");
  assert.equal((await stage.job("flag")).error, "exit code 127 (command not found)");
});

flow("a background child is not waited for, and later jobs do it no harm", async (stage) => {
  await stage.enqueue("sleep 300 > /dev/null 2>&1 & echo $! > child", "--id", "parent");
  await stage.enqueue("setsid sleep 300 > /dev/null 2>&1 & echo $! > other", "--id", "second");
  await stage.enqueue("sleep 300 & echo $! > holder", "--id", "holds-its-output");
  await stage.enqueue("kill -0 $(cat child) $(cat other) $(cat holder)", "--id", "look");
  await stage.enqueue("sleep 300", "--id", "ended");
  const worker = await stage.worker();
  await stage.until("ended", "processing");
  assert.equal((await stage.job("parent")).state, "completed");
  assert.equal((await stage.job("look")).state, "completed");
  // Ends the tree of this job, in the same slot and process group as the others before.
  await stage.ok("cancel", "ended");
  assert.equal((await stage.job("ended")).state, "cancelled");
  worker.kill();
  await stage.end(worker);
  const children = ["child", "other", "holder"].map((name) => Number(stage.read(name)));
  assert.deepEqual([...stage.processes().keys()].toSorted(), children.toSorted());
  for (const child of children) killIfThere(child);
});
