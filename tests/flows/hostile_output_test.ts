/**
 * What is kept of the output of a job that does with its streams, and with the files behind them, what
 * it likes. The README has the same as a table.
 */

import assert from "node:assert/strict";
import { flow, type Stage } from "./stage.ts";

/** Shell text, and what is kept of its standard output. */
type Case = readonly [command: string, stdout: RegExp];

/** What a case may be about: its own files, the directory of them, the mark of its attempt. */
const prologue = (stage: Stage) =>
  `D='${stage.directory}' T=$QUEUECTL_ATTEMPT_TOKEN; OUT=$D/$T.out; `;

const ONE_TWO = /^one\ntwo\n$/;

/** In the place of a file of its own there is something else. Who has the file open still reads it. */
const FILES: Readonly<Record<string, Case>> = {
  "deleted": ["echo one; rm $OUT; echo two", ONE_TWO],
  "a FIFO": ["echo one; rm $OUT; mkfifo $OUT; echo two", ONE_TWO],
  "a link": ["echo one; ln -sf $PWD/secret $OUT; echo two", ONE_TWO],
  "a directory": ["echo one; rm $OUT; mkdir $OUT; echo two", ONE_TWO],
  "not readable": ["echo one; chmod 000 $OUT; echo two", ONE_TWO],
  "sparse": ["truncate -s 100G $OUT; echo two", /^\0{20000}[^]*\0two\n$/],
  "a status that is a FIFO": [
    "for F in $D/launcher-$PPID-*; do rm $F; mkfifo $F; done; echo one; echo two",
    ONE_TWO,
  ],
  "a note that is a FIFO": ["mkfifo $D/$T.end; echo one; echo two", ONE_TWO],
};

const STREAMS: Readonly<Record<string, Case>> = {
  "closed": ["echo one; exec >&- 2>&-; echo two; true", /^one\n$/],
  "without newlines": ["printf one; sleep 0.5; printf two", /^onetwo$/],
  // A look may have come before.
  "emptied": ["echo one; : > /dev/stdout; echo two", /^(one\n)?two\n$/],
  "opened anew": ["echo one; echo two > /dev/stdout; echo three", /^(one\n)?two\nthree\n$/],
  "overwritten": ["echo one; printf t | dd of=$OUT conv=notrunc 2> note", /^(one|tne)\n$/],
  "with a hole": ["printf x | dd of=$OUT bs=1 seek=9 conv=notrunc 2> note", /^\0{9}x$/],
  "another's": [
    "echo $OUT > other; until test -e intruded; do sleep 0.05; done; echo end",
    /^intruder\nend\n$/,
  ],
  "an intruder": [
    "until test -s other; do sleep 0.05; done; echo intruder >> $(cat other); touch intruded",
    /^$/,
  ],
  "flooded": ["yes | head -c 20000000", /^(y\n){30000,}$/],
  "sparse for a while": ["truncate -s 100G $OUT; sleep 0.5; echo end", /^\0{20000}[^]*\0end\n$/],
};

async function enqueue(
  stage: Stage,
  cases: Readonly<Record<string, Case>>,
  then: string,
  ...flags: string[]
) {
  await Deno.writeTextFile(stage.join("secret"), "secret\n");
  await stage.ok("config", "set", "max_output", "64KiB");
  const jobs = Object.entries(cases).map(([title, [command]]) =>
    JSON.stringify({ id: idOf(title), command: prologue(stage) + command + then, max_retries: 0 })
  );
  await stage.run(["enqueue", ...flags], { stdin: jobs.join("\n") });
}

function idOf(title: string): string {
  return title.replaceAll(/[^a-z]+/gi, "-");
}

/** How a job ended and what the store has of its standard output, read past queuectl: that is quick. */
async function ends(stage: Stage, title: string) {
  const id = idOf(title);
  const [job] = await stage.ask("SELECT state, error FROM job WHERE id = ?", id);
  const rows = await stage.ask(
    `SELECT bytes FROM output JOIN job ON job.seq = output.job
      WHERE job.id = ? AND stream = 'stdout' ORDER BY output.seq`,
    id,
  );
  const stdout = rows.map(({ bytes }) => new TextDecoder().decode(bytes as Uint8Array)).join("");
  assert.ok(stdout.length <= 65_536, `${title}: ${stdout.length} bytes`);
  return { end: `${job?.state}: ${job?.error}`, stdout };
}

flow("a job may do what it likes with its output: it harms but that", async (stage) => {
  const cases = { ...STREAMS, ...FILES };
  await enqueue(stage, cases, "");
  await stage.ok("worker", "start", "--drain", "--count", "8");
  for (const [title, [, expected]] of Object.entries(cases)) {
    const { end, stdout } = await ends(stage, title);
    assert.deepEqual([title, end], [title, "completed: null"]);
    assert.match(stdout, expected, title);
  }
}, { vias: ["source"] });

flow("a job whose files are something else can be ended", async (stage) => {
  await enqueue(stage, FILES, "; exec sleep 300", "--timeout", "1s");
  await stage.ok("worker", "start", "--drain", "--count", "8");
  for (const [title, [, expected]] of Object.entries(FILES)) {
    const { end, stdout } = await ends(stage, title);
    assert.deepEqual([title, end], [title, "dead: timed out after 1s"]);
    assert.match(stdout, expected, title);
  }
}, { vias: ["source"] });

flow("a rescue is not held up by what is in the place of a job's files", async (stage) => {
  await enqueue(stage, FILES, "; echo >> begun; exec sleep 300");
  const victim = await stage.worker(["--count", "8"]);
  await stage.untilLines("begun", 8);
  victim.kill("SIGKILL");
  await victim.ended();
  await stage.ok("worker", "start", "--drain");
  for (const title of Object.keys(FILES)) {
    const { end, stdout } = await ends(stage, title);
    assert.match(end, /^dead: its worker .* died$/, title);
    assert.doesNotMatch(stdout, /secret/);
  }
}, { vias: ["source"] });
