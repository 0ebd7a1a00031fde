/** What comes from outside and is no text, or text that a terminal would act on. */

import assert from "node:assert/strict";
import { columnsOf, crookedAt } from "../input/columns.ts";
import { ACTED_ON } from "../input/rules.ts";
import { flow, type Stage } from "./stage.ts";
import { Terminal } from "./terminal.ts";

/** A byte that UTF-8 has not, in the middle of a word, in shell. */
const BAD = "$(printf 'a\\377b')";

/** Runs shell text, which has to end with this code and say one sentence; returns it. */
async function refused(stage: Stage, script: string, code: number): Promise<string> {
  const ended = await (await stage.shell(script)).ended();
  assert.deepEqual([ended.code, ended.stdout], [code, ""], `${script}: ${ended.stderr}`);
  assert.match(ended.stderr, /^queuectl: [^\n]+\n$/, script);
  return ended.stderr;
}

flow("arguments, variables and directories that are not UTF-8 are refused", async (stage) => {
  const store = stage.store;
  const cases: [script: string, says: RegExp][] = [
    [`queuectl enqueue -- ls "${BAD}"`, /Argument 4 is not UTF-8 text, "a\ufffdb"/],
    [`queuectl "${BAD}"`, /Argument 1 /],
    [`QUEUECTL_DB="${BAD}" queuectl list`, /variable QUEUECTL_DB is not UTF-8/],
    [`QUEUECTL_DB= HOME="/${BAD}" XDG_DATA_HOME= queuectl list`, /variable HOME is not UTF-8/],
    [`mkdir -p "${BAD}"; cd "${BAD}"; queuectl enqueue -- true`, /working directory has a name/],
    [`cd "${BAD}"; queuectl --db '${store}' worker start --drain`, /working directory has a name/],
    [`QUEUECTL_JOB_ID="${BAD}" queuectl worker start --drain`, /variable QUEUECTL_JOB_ID /],
  ];
  // The directory is made by the first that is in it.
  for (const [script, says] of cases) assert.match(await refused(stage, script, 2), says);
  // The character that stands for such a byte is one as any other.
  assert.match(await stage.sh("queuectl enqueue --id real -- 'echo \ufffd'"), /^real$/m);
  // A job need not be able to read its worker's environment.
  await stage.sh(`export ODD="${BAD}" && queuectl worker start --drain 2>/dev/null`);
  assert.equal(await stage.ok("logs", "real"), "\ufffd\n");
}, { vias: ["source"] });

flow("QUEUECTL_DB that is empty is none, and one that is odd is a path", async (stage) => {
  await stage.sh("QUEUECTL_DB= queuectl enqueue --id a -- true");
  assert.equal((await stage.run(["show", "a"], { env: { QUEUECTL_DB: "" } })).code, 0);
  const says = await refused(stage, `QUEUECTL_DB="$(printf 'x\\ny\\033[2J')" queuectl list`, 5);
  assert.match(says, /x\\ny\\x1b\[2J yet/);
}, { vias: ["source"] });

/** What `deno run` itself writes to a terminal before the program begins. */
const OF_DENO = "\x1b[0G\x1b[2K\x1b[J";

/** It clears the screen, sets the title, and turns the line around. */
const HOSTILE = "echo \x1b[2J\x1b]0;x\x07\x9b31m\u202e日本\n\t👩‍👧 x";

flow("what a job is called reaches no terminal: tables, logs, messages", async (stage) => {
  const gone = { command: HOSTILE, cwd: `/gone\x1b[2J\u202e`, max_retries: 0, tags: ["\x1b[2J"] };
  const jobs = ["a", "b", "c"].map((id) => JSON.stringify({ ...gone, id }));
  for (const job of jobs) await stage.ok("enqueue", job);
  const worker = (...args: string[]) => stage.run(["worker", "start", "--drain", ...args]);
  const ends = [
    await worker(),
    (await stage.ok("retry", "a"), await worker("--json")),
    (await stage.ok("retry", "b"), await worker("--log-format", "json")),
    await stage.run(["run", "--cwd", gone.cwd, "--command", HOSTILE, "--wait-timeout", "0"]),
  ];
  for (const { stdout, stderr } of ends) {
    assert.doesNotMatch(stdout, ACTED_ON);
    assert.doesNotMatch(stderr, ACTED_ON);
    assert.match(`${stdout}${stderr}`, /gone|124|not ended/);
  }
  const env = { NO_COLOR: "1", TERM: "xterm", COLUMNS: "-1", LANG: "x\x1b[2J" };
  const [q, at] = [stage.join("bin/queuectl"), "; echo; echo '== end'"];
  using terminal = await Terminal.open(
    stage,
    `sh -c "(${q} list; ${q} show a; ${q} dlq list) 2>/dev/null${at}"`,
    env,
  );
  await terminal.shows(/== end/);
  await terminal.program.ended();
  const screen = terminal.program.stdout.replaceAll("\r\n", "\n").replaceAll(OF_DENO, "");
  assert.doesNotMatch(screen, ACTED_ON);
  const tables = screen.split(/(?=^(?:Id|ID) )/m);
  assert.equal(tables.length, 3, screen);
  for (const table of tables) {
    assert.equal(crookedAt(table), null, table);
    assert.ok(
      table.startsWith("Id") || table.split("\n").every((line) => columnsOf(line) <= 100),
      table,
    );
  }
}, { vias: ["source"] });
