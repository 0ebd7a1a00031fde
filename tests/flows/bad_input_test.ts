/** What is wrong is refused whole, in one sentence that names it. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import type { Ended } from "../helpers/cli.ts";
import { start } from "../helpers/program.ts";
import { run } from "../toolchain/command.ts";
import { BOTH_STORES, flow, type Stage } from "./stage.ts";

/** One mistake. */
interface Mistake {
  readonly args: readonly string[];
  readonly stdin?: string | Uint8Array<ArrayBuffer>;
  readonly code: number;
  /** What the sentence has to name. */
  readonly names: RegExp;
}

const job = (spec: unknown, code: number, names: RegExp): Mistake => ({
  args: ["enqueue", typeof spec === "string" ? spec : JSON.stringify(spec)],
  code,
  names,
});

const MISTAKES: readonly Mistake[] = [
  // Broken JSON.
  job('{"command":"true"', 2, /JSON/),
  job("{command:'true'}", 2, /JSON/),
  job('{"command":"true"}}', 2, /JSON/),
  job("[1,]", 2, /JSON/),
  { args: ["enqueue"], stdin: '{"command":"a"}\n{"command":', code: 2, names: /line 2\b.*JSON/i },
  { args: ["enqueue"], stdin: new Uint8Array([0x22, 0xff, 0x22]), code: 2, names: /UTF-8/ },
  { args: ["enqueue"], stdin: "", code: 2, names: /No job given/ },
  { args: ["enqueue"], stdin: "  \n\n", code: 2, names: /No job given/ },
  job("sleep 60", 2, /Not JSON. To run it: queuectl enqueue -- sleep 60/),
  { args: ["enqueue", "@missing.json"], code: 2, names: /missing\.json/ },
  { args: ["enqueue", "--file", "bin"], code: 2, names: /\bbin\b/ },
  // The command.
  job({}, 2, /"command"/),
  job({ command: "" }, 2, /"command".*empty/),
  job({ command: " \n" }, 2, /"command".*empty/),
  job({ command: null }, 2, /"command"/),
  job({ command: 7 }, 2, /"command"/),
  job({ command: ["ls", "-l"] }, 2, /"command"/),
  job({ command: "a\0b" }, 2, /"command".*NUL/),
  job('{"command":"\\ud800"}', 2, /"command".*(Unicode|surrogate)/),
  {
    args: ["enqueue"],
    stdin: JSON.stringify({ command: "x".repeat(131_072) }),
    code: 2,
    names: /"command".*131071/,
  },
  {
    args: ["enqueue"],
    stdin: JSON.stringify({ command: "é".repeat(65_536) }),
    code: 2,
    names: /"command".*131071/,
  },
  { args: ["enqueue", "--command", ""], code: 2, names: /command/ },
  { args: ["enqueue", "--"], code: 2, names: /No job given/ },
  // Other keys.
  job({ command: "true", comand: "x" }, 2, /"comand".*"command"/),
  job({ command: "true", wibble: null }, 2, /"wibble"/),
  job('{"command":"true","__proto__":{}}', 2, /__proto__/),
  job('{"command":"true","constructor":1}', 2, /constructor/),
  job({ command: "true", maxRetries: 1, max_retries: 2 }, 2, /max_?[rR]etries/),
  job({ command: "true", max_retries: -1 }, 2, /"max_retries"/),
  job({ command: "true", max_retries: 1.5 }, 2, /"max_retries"/),
  job({ command: "true", max_retries: "3" }, 2, /"max_retries"/),
  job({ command: "true", priority: 1001 }, 2, /"priority"/),
  job({ command: "true", priority: "urgent" }, 2, /"priority"/),
  job({ command: "true", queue: "a b" }, 2, /"queue"/),
  job({ command: "true", id: "-x" }, 2, /"id"/),
  job({ command: "true", id: "x".repeat(129) }, 2, /"id"/),
  job({ command: "true", id: 5 }, 2, /"id"/),
  job({ command: "true", tags: "one" }, 2, /"tags"/),
  job({ command: "true", cwd: "" }, 2, /"cwd"/),
  job({ command: "true", backoff_base: -1 }, 2, /"backoff_base"/),
  job({ command: "true", backoff_max: "soon" }, 2, /"backoff_max".*"soon"/),
  job({ command: "true", backoff_max: "10x" }, 2, /"backoff_max".*"10x"/),
  job({ command: "true", backoff_jitter: 2 }, 2, /"backoff_jitter"/),
  job({ command: "true", state: "completed" }, 2, /"state"/),
  job({ command: "true", attempts: 3 }, 2, /"attempts"/),
  // When, how long, once, after what, and with what.
  job({ command: "true", timeout: 0 }, 2, /"timeout".*longer than 0/),
  job({ command: "true", timeout: "soon" }, 2, /"timeout".*"soon"/),
  job({ command: "true", delay: -1 }, 2, /"delay"/),
  job({ command: "true", delay: 1, run_at: "2030-01-01T00:00:00Z" }, 2, /"run_at" and "delay"/),
  job({ command: "true", run_at: "tomorrow" }, 2, /"run_at".*"tomorrow"/),
  job({ command: "true", run_at: 1893456000 }, 2, /"run_at"/),
  job({ command: "true", unique_key: "" }, 2, /"unique_key" is empty/),
  job({ command: "true", unique_key: 5 }, 2, /"unique_key"/),
  job({ command: "true", unique_key: "held" }, 4, /"held" is held by job taken/),
  job({ command: "true", after: "taken" }, 2, /"after" must be a list/),
  job({ command: "true", after: [{ id: "taken", on: "done" }] }, 2, /"after".*"on"/),
  job({ command: "true", after: ["taken", "taken"] }, 2, /"after" names a job twice/),
  job({ command: "true", after: ["nobody"] }, 3, /no job nobody to run after/),
  job({ command: "true", after: ["take"] }, 3, /no job take to run after/),
  job({ id: "self", command: "true", after: ["self"] }, 2, /circle: self after self/),
  job(
    [{ id: "a", command: "true", after: ["b"] }, { id: "b", command: "true", after: ["a"] }],
    2,
    /job [12]\b.*circle/i,
  ),
  job([{ command: "true" }, { command: "true", after: ["nobody"] }], 3, /job 2\b.*nobody/i),
  job({ command: "true", env: ["A"] }, 2, /"env".*values/),
  job({ command: "true", env: { A: 1 } }, 2, /"env"/),
  job({ command: "true", env: { "A-B": "1" } }, 2, /"env".*name/),
  job({ command: "true", env: { QUEUECTL_DB: "x" } }, 2, /"env".*QUEUECTL_/),
  job({ command: "true", env: { A: "x\0" } }, 2, /"env".*NUL/),
  job({ command: "true", stdin: 1 }, 2, /"stdin"/),
  job({ command: "true", fatal_exit_codes: 2 }, 2, /"fatal_exit_codes" must be a list/),
  job({ command: "true", fatal_exit_codes: [0] }, 2, /"fatal_exit_codes"/),
  job({ command: "true", progress: { percent: 1, message: null } }, 2, /"progress"/),
  { args: ["enqueue", "--timeout", "0", "--", "true"], code: 2, names: /--timeout/ },
  {
    args: ["enqueue", "--delay", "1", "--run-at", "2030-01-01T00:00Z", "--", "true"],
    code: 2,
    names: /--delay or --run-at/,
  },
  { args: ["enqueue", "--run-at", "noon", "--", "true"], code: 2, names: /--run-at.*"noon"/ },
  { args: ["enqueue", "--after", "nobody", "--", "true"], code: 3, names: /nobody/ },
  { args: ["enqueue", "--after", "taken=done", "--", "true"], code: 2, names: /--after.*notok/ },
  { args: ["enqueue", "--unique-key", "held", "--", "true"], code: 4, names: /held by job taken/ },
  {
    args: ["enqueue", "--unique-key", "k", "--if-exists", "skip", "--", "true"],
    code: 2,
    names: /--if-exists.*"skip"/,
  },
  { args: ["enqueue", "--env", "A", "--", "true"], code: 2, names: /--env.*NAME=VALUE/ },
  { args: ["enqueue", "--stdin-file", "gone", "--", "cat"], code: 2, names: /no file gone/ },
  {
    args: ["enqueue", "--stdin-file", "-"],
    stdin: '"cat"',
    code: 2,
    names: /Standard input cannot be both/,
  },
  { args: ["enqueue", "--fatal-exit-code", "256", "--", "true"], code: 2, names: /fatal-exit/ },
  job([{ command: "true" }, { command: "true", prio: 1 }], 2, /job 2\b.*"prio"/i),
  job("[[]]", 2, /job 1\b.*(object|list)/i),
  job("[null]", 2, /job 1\b/i),
  // Ids.
  job({ id: "taken", command: "true" }, 4, /\btaken\b/),
  job([{ id: "new", command: "true" }, { id: "taken", command: "true" }], 4, /job 2\b.*\btaken\b/i),
  job([{ id: "new", command: "true" }, { id: "new", command: "true" }], 4, /\bnew\b/),
  { args: ["enqueue", "--id", "taken", "--", "true"], code: 4, names: /\btaken\b/ },
  {
    args: ["enqueue", "--id", "one", '[{"command":"a"},{"command":"b"}]'],
    code: 2,
    names: /--id/,
  },
  // The command line.
  { args: ["enqueue", '{"command":"a"}', "--command", "b"], code: 2, names: /once/ },
  { args: ["enqueue", "--max-retries", "many", "--", "true"], code: 2, names: /--max-retries/ },
  { args: ["enqueue", "--max-retries", "", "--", "true"], code: 2, names: /--max-retries/ },
  {
    args: ["enqueue", "--backoff-base", "Infinity", "--", "true"],
    code: 2,
    names: /--backoff-base/,
  },
  { args: ["enqueue", "--backoff-max", "soon", "--", "true"], code: 2, names: /backoff.max/ },
  {
    args: ["enqueue", "--prioritty", "1", "--", "true"],
    code: 2,
    names: /--prioritty.*--priority/,
  },
  { args: ["enqueue", "--constructor", "--", "true"], code: 2, names: /--constructor/ },
  { args: ["enqueu", "--", "true"], code: 2, names: /"enqueu".*"enqueue"/ },
  { args: ["worker", "start", "--count", "0"], code: 2, names: /--count/ },
  {
    args: ["worker", "start", "--drain-wait", "5s"],
    code: 2,
    names: /--drain-wait goes with --drain/,
  },
  { args: ["worker", "start", "--count", "1.5"], code: 2, names: /--count/ },
  { args: ["worker", "start", "--grace", "soon"], code: 2, names: /--grace.*"soon"/ },
  { args: ["worker", "start", "--queue", "a b"], code: 2, names: /--queue/ },
  { args: ["worker", "stop", "--timeout", "-1"], code: 2, names: /--timeout/ },
  { args: ["list", "--state", "finished"], code: 2, names: /--state.*completed/ },
  { args: ["list", "--limit", "-1"], code: 2, names: /--limit/ },
  { args: ["wait", "taken", "--timeout", "soon"], code: 2, names: /--timeout/ },
  // Jobs and queues that are there.
  { args: ["edit", "taken"], code: 2, names: /Say what to change/ },
  { args: ["edit", "taken", "--max-retries", "many"], code: 2, names: /--max-retries/ },
  { args: ["edit", "nobody", "--priority", "1"], code: 3, names: /nobody/ },
  { args: ["release", "taken"], code: 4, names: /taken is pending/ },
  { args: ["release", "nobody"], code: 3, names: /nobody/ },
  { args: ["delete", "nobody"], code: 3, names: /nobody/ },
  { args: ["delete"], code: 2, names: /Missing ID/ },
  { args: ["prune"], code: 2, names: /--state, --older-than or --queue/ },
  { args: ["prune", "--state", "pending"], code: 2, names: /pending has not ended/ },
  { args: ["prune", "--older-than", "old"], code: 2, names: /--older-than.*"old"/ },
  { args: ["queue", "set", "mail", "--limit", "0"], code: 2, names: /queuectl queue pause mail/ },
  { args: ["queue", "set", "mail", "--rate", "5"], code: 2, names: /--rate.*10\/1m/ },
  { args: ["queue", "set", "mail"], code: 2, names: /--limit or --rate/ },
  { args: ["queue", "set", "a b", "--limit", "1"], code: 2, names: /queue must begin/ },
  { args: ["queue", "pause", "mail"], code: 3, names: /no queue "mail"/ },
  { args: ["worker", "scale", "0"], code: 2, names: /1 to 1024/ },
  { args: ["worker", "scale"], code: 2, names: /Missing N/ },
  { args: ["worker", "scale", "2", "nobody"], code: 3, names: /nobody/ },
  // Settings.
  { args: ["config", "set", "retries", "3"], code: 2, names: /"retries".*default_max_retries/ },
  { args: ["config", "get", "wibble"], code: 2, names: /"wibble".*backoff_base/ },
  { args: ["config", "unset", "wibble"], code: 2, names: /"wibble"/ },
  { args: ["config", "set", "max_retries", "1001"], code: 2, names: /default_max_retries.*1000/ },
  { args: ["config", "set", "max_retries", ""], code: 2, names: /default_max_retries/ },
  { args: ["config", "set", "backoff_base", "two"], code: 2, names: /backoff_base/ },
  { args: ["config", "set", "poll_interval", "10ms"], code: 2, names: /poll_interval.*50ms/ },
  { args: ["config", "set", "lease", "soon"], code: 2, names: /lease.*"soon"/ },
  { args: ["config", "set", "max_output", "2GiB"], code: 2, names: /max_output/ },
  // What is not there, and what the state does not allow.
  { args: ["show", "nobody"], code: 3, names: /nobody/ },
  { args: ["logs", "nobody"], code: 3, names: /nobody/ },
  { args: ["cancel", "nobody"], code: 3, names: /nobody/ },
  { args: ["retry", "nobody"], code: 3, names: /nobody/ },
  { args: ["dlq", "retry", "nobody"], code: 3, names: /nobody/ },
  { args: ["wait", "nobody"], code: 125, names: /nobody/ },
  { args: ["worker", "stop", "nobody"], code: 3, names: /nobody/ },
  { args: ["dlq", "retry", "taken"], code: 4, names: /\btaken\b.*pending/ },
  { args: ["retry", "taken"], code: 4, names: /\btaken\b.*pending/ },
];

/** The sentence of a refusal: nothing else may be said, but where the help is. */
function sentenceOf({ stdout, stderr }: Ended): string {
  assert.equal(stdout, "");
  const [sentence = "", ...rest] = stderr.trimEnd().split("\n");
  assert.match(sentence, /^queuectl: \S/);
  assert.ok(rest.length === 0 || /^See "queuectl.*--help"$/.test(rest.join("\n")), stderr);
  assert.doesNotMatch(stderr, /^\s+at |Unexpected failure|\bundefined\b|\[object/m);
  return sentence;
}

async function contents(stage: Stage): Promise<unknown> {
  return await Promise.all(
    [["list"], ["config", "list"], ["queue"]].map((args) => stage.json(...args)),
  );
}

flow("bad input changes nothing and is answered in one sentence", async (stage) => {
  await stage.enqueue("true", "--id", "taken", "--unique-key", "held");
  const before = await contents(stage);
  const wrong: string[] = [];
  const queue = [...MISTAKES];
  await Promise.all([1, 2, 3].map(async () => {
    for (let mistake = queue.shift(); mistake !== undefined; mistake = queue.shift()) {
      const { args, stdin, code, names } = mistake;
      const ended = await stage.run(args, stdin === undefined ? {} : { stdin });
      const shown = `${args.join(" ").slice(0, 100)} ${String(stdin ?? "").slice(0, 60)}`;
      try {
        assert.equal(ended.code, code, ended.stderr);
        assert.match(sentenceOf(ended), names);
      } catch (error) {
        wrong.push(`${shown}: ${(error as Error).message}`);
      }
    }
  }));
  assert.deepEqual(wrong, []);
  assert.deepEqual(await contents(stage), before);
});

const COMMANDS: readonly (readonly string[])[] = [
  ["enqueue", "--", "true"],
  ["list"],
  ["status"],
  ["show", "job1"],
  ["config", "set", "backoff_base", "2"],
  ["worker", "start", "--drain"],
  ["worker", "start", "--detach"],
  ["worker", "stop"],
];

async function assertUnusable(
  stage: Stage,
  path: string,
  names: RegExp,
  commands = COMMANDS,
): Promise<void> {
  await Promise.all(commands.map(async (command) => {
    const ended = await stage.run(["--db", path, ...command]);
    assert.equal(ended.code, 5, `${command.join(" ")}: ${ended.stderr}`);
    const sentence = sentenceOf(ended);
    assert.match(sentence, names, command.join(" "));
    assert.ok(sentence.includes(path === stage.store ? stage.location : path), sentence);
  }));
}

flow("a store that is a directory, or is not ours, is refused and left alone", async (stage) => {
  await Deno.mkdir(stage.join("dir"));
  await assertUnusable(stage, stage.join("dir"), /is a directory/);
  assert.deepEqual([...Deno.readDirSync(stage.join("dir"))], []);

  await Deno.writeTextFile(stage.join("text"), "This is a letter, not a database.\n".repeat(99));
  await assertUnusable(stage, stage.join("text"), /is not a queuectl store/);
  assert.match(stage.read("text"), /^This is a letter/);

  const other = new DatabaseSync(stage.join("other.db"));
  other.exec("CREATE TABLE job (id TEXT); INSERT INTO job VALUES ('x')");
  other.close();
  const bytes = await Deno.readFile(stage.join("other.db"));
  await assertUnusable(stage, stage.join("other.db"), /another program/);
  assert.deepEqual(await Deno.readFile(stage.join("other.db")), bytes);

  await assertUnusable(stage, stage.join("text/below.db"), /cannot be used|no store/i);
  await Deno.symlink(stage.join("loop"), stage.join("loop"));
  await assertUnusable(stage, stage.join("loop"), /loop/);
  const names = [...Deno.readDirSync(stage.home)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["bin", "dir", "loop", "other.db", "text"]);
});

flow("a store that a newer queuectl made is refused and left alone", async (stage) => {
  await stage.enqueue("true", "--id", "job1");
  await stage.ask("INSERT INTO migration VALUES (999, 0)");
  await assertUnusable(stage, stage.store, /newer queuectl.*update queuectl/);
}, { stores: BOTH_STORES });

flow("a damaged store is told, not crashed upon", async (stage) => {
  await stage.enqueue("true", "--id", "job1");
  const file = await Deno.open(stage.store, { write: true });
  const { size } = await file.stat();
  await file.seek(4096, Deno.SeekMode.Start);
  await file.write(new Uint8Array(size - 4096).fill(0x5a));
  file.close();
  await assertUnusable(stage, stage.store, /damaged/, [["enqueue", "--", "true"], ["list"]]);
});

flow("a store that this user may not read or write is refused", async (stage) => {
  await stage.enqueue("true", "--id", "job1");
  if (Deno.uid() !== 0) {
    await Deno.chmod(stage.store, 0);
    await assertUnusable(stage, stage.store, /permission/i);
    return await Deno.chmod(stage.store, 0o600);
  }
  // Nothing is closed to root, so another user tries it; what he needs himself is opened to him.
  const { command: [program, ...words] } = await start(stage.via);
  await Deno.chmod(stage.home, 0o755);
  // By another process: what this one has open for writing, a test beside it may hand on, and then it
  // cannot be executed for a moment.
  await run(["cp", program, stage.join("queuectl")]);
  for (const path of [".local", ".local/share", ".local/share/queuectl"]) {
    await Deno.chmod(stage.join(path), 0o755);
  }
  for (const args of [["enqueue", "--", "true"], ["list"], ["worker", "start", "--drain"]]) {
    const { code, stdout, stderr } = await new Deno.Command("setpriv", {
      args: [
        ...["--reuid", "65534", "--regid", "65534", "--clear-groups"],
        ...[stage.join("queuectl"), ...words, "--db", stage.store, ...args],
      ],
      cwd: stage.home,
      clearEnv: true,
      env: { HOME: stage.home, PATH: Deno.env.get("PATH") ?? "" },
    }).output();
    const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assert.equal(code, 5, decode(stderr));
    assert.equal(decode(stdout), "");
    assert.match(decode(stderr), /^queuectl: .* belongs to another user: .*\n$/);
    assert.ok(decode(stderr).includes(stage.store), decode(stderr));
  }
  // Root's Deno and its packages are closed to others; an executable is all that it needs.
}, { vias: Deno.uid() === 0 ? ["executable"] : ["source", "executable"] });
