/** The values of `env`: no command prints them, whatever goes wrong. */

import { deepStrictEqual, ok } from "node:assert/strict";
import { type Ended, Queue } from "./queue.ts";

/** No text of a message, and no part of it, is like it. */
const SECRET = "Zq7xKv9wJy";

/** Pieces of it count, too: a message may cut what it quotes. */
function assertHidden(what: unknown, { stdout, stderr }: Ended): void {
  for (let at = 0; at + 3 <= SECRET.length; at++) {
    const piece = SECRET.slice(at, at + 3);
    ok(!`${stdout}${stderr}`.includes(piece), `${JSON.stringify(what)}: ${stdout}${stderr}`);
  }
}

const VARIABLES = ["--env", `TOKEN=${SECRET}`];

Deno.test("env: its values are in nothing that a command prints", async () => {
  await using queue = await Queue.open();
  const run = async (...args: string[]) => {
    const ended = await queue.cli("--log-level", "debug", ...args);
    assertHidden(args, ended);
    return ended;
  };
  const spec = JSON.stringify({ id: "json", command: "true", env: { TOKEN: SECRET } });
  await run("enqueue", spec, "--json");
  assertHidden("NDJSON", await queue.fed(`${spec.replace("json", "nd")}\n`, "enqueue", "--json"));
  await run("enqueue", "--id", "job", ...VARIABLES, "--json", "--", "true");
  await run("edit", "job", "--env", `OTHER=${SECRET}`, "--json");
  await run("edit", "job", "--env", `OTHER=${SECRET}`, "--priority", "none");
  await run("enqueue", "--id", "job", ...VARIABLES, "--", "true");
  const schedule = ["schedule", "add", "nightly", "--cron", "0 3 * * *", ...VARIABLES];
  await run(...schedule, "--json", "--", "true");
  await run(...schedule, "--", "true");
  await run("schedule", "add", "bad", "--cron", "often", ...VARIABLES, "--", "true");
  await queue.join();
  await queue.end(await queue.claim(), 3, ["stderr", "sorry\n"]);
  const shown = [
    ...["list", "status", "show json", "show job", "logs job", "explain job", "dlq list"],
    ...["dlq show json", "queue list", "schedule list", "schedule next nightly", "worker list"],
    ...["config list", "export", "retry json", "cancel nd", "delete nd", "schema"],
    ...["schedule pause nightly", "schedule resume nightly", "prune --state dead", "release job"],
    ...["__complete -- show j", "__complete -- enqueue --env ", "schedule remove nightly"],
  ];
  for (const line of shown) {
    await run(...line.split(" "));
    await run(...line.split(" "), "--json");
  }
});

const WRONG: readonly string[] = [
  `{"command": "true", "env": {"TOKEN": "${SECRET}"}, "priority": "x"}`,
  `{"command": "true", "env": {"TOKEN": ${SECRET}}}`,
  `{"command": "true", "env": {"TOKEN": '${SECRET}'}}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}"`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}" ${SECRET}`,
  `{"command": "true", "env": "TOKEN=${SECRET}"}`,
  `{"command": "true", "env": ["TOKEN=${SECRET}"]}`,
  `{"command": "true", "env": {"TOKEN": ["${SECRET}"]}}`,
  `{"command": "true", "env": {"TOKEN": {"${SECRET}": 1}}}`,
  `{"command": "true", "env": {"TO KEN": "${SECRET}"}}`,
  `{"command": "true", "env": {"QUEUECTL_X": "${SECRET}"}}`,
  `{"command": "true", "env": {"__proto__": "${SECRET}"}}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}\\u0000"}}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}\\ud800"}}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}${"x".repeat(200_000)}"}}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}"}, "Env": {"TOKEN": "${SECRET}"}}`,
  `{"command": "true", "env": {"TOKEN": "${SECRET}"}, "nonsense": 1}`,
  `{"id": "a", "env": {"TOKEN": "${SECRET}"}}`,
];

Deno.test("env: no error about a job tells a value of it, or a piece", async () => {
  await using queue = await Queue.open();
  for (const text of WRONG) {
    const debug = ["--log-level", "debug"];
    const tries = {
      argument: await queue.cli(...debug, "enqueue", text),
      list: await queue.fed(`[{"command": "true"}, ${text}]`, ...debug, "enqueue"),
      lines: await queue.fed(`{"command": "true"}\n${text}\n`, ...debug, "enqueue"),
      run: await queue.cli(...debug, "run", text),
      import: await queue.fed(`${text}\n`, ...debug, "import", "-"),
    };
    for (const [way, ended] of Object.entries(tries)) {
      assertHidden([way, text.slice(0, 200)], ended);
      deepStrictEqual([way, text.slice(0, 200), ended.code], [way, text.slice(0, 200), 2]);
    }
  }
  deepStrictEqual(await queue.store.jobs({}), []);
});

Deno.test("env: no error about a flag tells a value", async () => {
  await using queue = await Queue.open();
  const flags: readonly (readonly string[])[] = [
    ["--env", `TOKEN ${SECRET}`],
    ["--env", `TOKEN:${SECRET}`],
    ["--env", `=${SECRET}`],
    ["--env", `TO-KEN=${SECRET}`],
    ["--env", `QUEUECTL_X=${SECRET}`],
    [...VARIABLES, ...VARIABLES],
    [...VARIABLES, "--priority", "x"],
    [...VARIABLES, "--nonsense"],
    [`--env=TOKEN=${SECRET}`, "--cwd", "/no\0such"],
    ["--evn", `TOKEN=${SECRET}`],
    [`--evn=TOKEN=${SECRET}`],
    ["--env", `TOKEN=${SECRET}\0`],
    ["--env", `TOKEN=${SECRET}${"x".repeat(200_000)}`],
  ];
  for (const verb of [["enqueue"], ["run"], ["schedule", "add", "s", "--cron", "0 3 * * *"]]) {
    for (const given of flags) {
      const ended = await queue.cli("--log-level", "debug", ...verb, ...given, "--", "true");
      assertHidden([...verb, ...given], ended);
      deepStrictEqual([given, ended.code], [given, 2]);
    }
  }
});
