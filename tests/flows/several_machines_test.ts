/** What is different for users of a store on a server, where workers may be on other machines. */

import assert from "node:assert/strict";
import { flow } from "./stage.ts";

flow(
  "a job in PostgreSQL runs in the directory of its worker, unless it was given one",
  async (stage) => {
    const [here, there] = [stage.join("here"), stage.join("there")];
    await Deno.mkdir(`${here}/sub`, { recursive: true });
    await Deno.mkdir(there);
    const put = async (args: readonly string[], stdin?: string) => {
      const { code, stderr } = await stage.run(args, { cwd: here, ...stdin ? { stdin } : {} });
      assert.equal(code, 0, stderr);
    };
    await put(["enqueue", "--id", "free", "--", "pwd"]);
    await put(["enqueue", "--id", "given", "--cwd", "sub", "--", "pwd"]);
    await put(["import", "-"], '{"id":"imported","command":"pwd"}\n');
    await put(["schedule", "add", "hourly", "--cron", "@hourly", "--", "pwd"]);
    const { code } = await stage.run(["worker", "start", "--drain"], { cwd: there });
    assert.equal(code, 0);
    assert.equal((await stage.job("free")).cwd, null);
    assert.equal((await stage.job("given")).cwd, `${here}/sub`);
    const printed = await Promise.all(
      ["free", "given", "imported"].map((id) => stage.ok("logs", id)),
    );
    assert.deepEqual(printed, [`${there}\n`, `${here}/sub\n`, `${there}\n`]);
    const [{ spec } = {}] = await stage.ask("SELECT spec FROM schedule");
    assert.deepEqual(JSON.parse(String(spec)), { command: "pwd" });
  },
  { vias: ["source"], stores: ["postgres"] },
);

flow(
  "the password of a URL is in the environment of jobs, and nowhere to be seen",
  async (stage) => {
    const { password } = new URL(stage.store);
    assert.ok(password.length > 8);
    const said: string[] = [];
    const say = async (...args: readonly string[]) => {
      const { stdout, stderr } = await stage.run(["--log-level", "debug", ...args]);
      said.push(stdout, stderr);
      return stdout;
    };
    const inner = `${stage.join("bin/queuectl")} enqueue --id inner -- true`;
    await stage.enqueue(
      `${inner}; echo begun >> begun; until test -e go; do sleep 0.05; done`,
      "--id",
      "outer",
    );
    await say("worker", "start", "--detach", "--name", "back");
    const worker = await stage.worker(["--log-format", "json", "--log-level", "debug"]);
    const dashboard = await stage.spawn(["dashboard", "--port", "0", "--json"]);
    const { url, store } = JSON.parse(await dashboard.line("url"));
    const status = await (await fetch(`${url}api/status`)).text();
    assert.match(status, /"store":"postgres:/);
    said.push(store, status);
    await stage.untilLines("begun");
    said.push(...stage.processes().values());
    const looks = [["show", "outer"], ["status", "--json"], ["worker", "list"], [
      "explain",
      "outer",
    ]];
    const [doctor] = await Promise.all([say("doctor"), ...looks.map((args) => say(...args))]);
    assert.match(doctor, /^ok +store +postgres:/m);
    assert.match(said.join(""), /"store":"postgres:/);
    await Deno.writeTextFile(stage.join("go"), "");
    await stage.until("inner", "completed");
    assert.match(await say("worker", "stop"), /^Stopped 2 workers$/m);
    const { stdout, stderr } = await stage.end(worker);
    said.push(stdout, stderr);
    const logs = [...Deno.readDirSync(stage.directory)].filter(({ name }) => name.endsWith(".log"));
    assert.equal(logs.length, 1);
    for (const { name } of logs) said.push(await Deno.readTextFile(`${stage.directory}/${name}`));
    assert.deepEqual(said.filter((text) => text.includes(password)), []);
  },
  { vias: ["source"], stores: ["postgres"] },
);

flow(
  "a worker whose schema was dropped ends what it runs and itself",
  async (stage) => {
    await stage.enqueue("echo begun >> begun; sleep 300", "--id", "old");
    const worker = await stage.worker();
    await stage.untilLines("begun");
    await stage.removeStore();
    const { stderr } = await stage.end(worker, 5);
    assert.match(stderr, /^queuectl: The store postgres:\S+ was removed, or a part of it$/m);
    assert.ok(stderr.split("\n").length < 10, stderr);
    await stage.isEmpty();
    // The files that it has left for a rescuer go with the next one.
    await stage.enqueue("true", "--id", "new");
    await stage.ok("worker", "start", "--drain");
    assert.equal((await stage.job("new")).state, "completed");
  },
  { vias: ["source"], stores: ["postgres"] },
);

flow(
  "a worker with hundreds of slots runs what it has reserved: output, failures and long ones, too",
  async (stage) => {
    const lines = Array.from({ length: 60 }, (_, n) => ({ id: `job-${n}`, command: `echo ${n}` }));
    lines.push({ id: "fails", command: "echo bad >&2; exit 3" }, {
      id: "long",
      command: "sleep 2",
    });
    const input = lines.map((line) => JSON.stringify({ ...line, max_retries: 0 })).join("\n");
    assert.equal((await stage.run(["import", "-"], { stdin: input })).code, 0);
    const { code, stderr } = await stage.run(["worker", "start", "--drain", "--slots", "256"]);
    assert.equal(code, 0, stderr);
    const [made] = await stage.ask("SELECT last_value, is_called FROM reservation_id_seq");
    assert.ok(made!.is_called, "nothing was reserved");
    const ended = await stage.ask(
      "SELECT state, attempts, count(*) AS jobs FROM job GROUP BY 1, 2 ORDER BY 1",
    );
    assert.deepEqual(ended, [
      { state: "completed", attempts: 1, jobs: 61 },
      { state: "dead", attempts: 1, jobs: 1 },
    ]);
    assert.equal(await stage.ok("logs", "job-59"), "59\n");
    assert.equal(await stage.ok("logs", "fails"), "bad\n");
  },
  { vias: ["source"], stores: ["postgres"] },
);
