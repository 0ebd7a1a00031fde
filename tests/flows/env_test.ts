/** The variables that a job adds to its environment: the command has them, nobody else sees them. */

import assert from "node:assert/strict";
import { flow } from "./stage.ts";

const SECRET = "s3cret $HOME 'quoted'\nsecond line ü";

flow(
  "env is added to the worker's environment, and its values are nowhere to be seen",
  async (stage) => {
    const spec = {
      id: "job",
      command: 'printf %s "$PASSWORD" > got; printf %s "$WORKERS_OWN" > own; ' +
        "echo $QUEUECTL_JOB_ID >> own; sleep 0.3; exit 3",
      env: { PASSWORD: SECRET, WORKERS_OWN: "overridden ", QUEUE: "y" },
      max_retries: 0,
    };
    await stage.run(["enqueue"], { stdin: JSON.stringify(spec) });
    const args = ["--log-level", "debug", "worker", "start", "--drain"];
    const worker = await stage.run(args, { env: { WORKERS_OWN: "1" } });
    assert.equal(worker.code, 0);
    assert.equal(stage.read("got"), SECRET);
    assert.equal(stage.read("own"), "overridden job\n");
    await stage.ok("dlq", "retry", "job");
    const again = await stage.run(["worker", "start", "--drain", "--json"]);
    const shown = await Promise.all([
      stage.ok("show", "job"),
      stage.ok("show", "job", "--json"),
      stage.ok("list", "--json"),
      stage.ok("logs", "job"),
      stage.ok("dlq", "list"),
    ]);
    const all = [worker, again].flatMap(({ stdout, stderr }) => [stdout, stderr]);
    for (const text of [...all, ...shown]) assert.doesNotMatch(text, /s3cret|overridden/);
    assert.match(shown[1], /"PASSWORD"/, "the names are shown");
  },
);

flow("a job that cannot be started does not tell its env either", async (stage) => {
  const flags = ["--env", `PASSWORD=${SECRET}`, "--cwd", "/no/such", "-r", "0"];
  await stage.enqueue("true", "--id", "job", ...flags);
  const { stderr } = await stage.run(["worker", "start", "--drain"]);
  assert.doesNotMatch(stderr + await stage.ok("show", "job", "--json"), /s3cret/);
}, { vias: ["source"] });

flow("the largest environment that is taken reaches the command", async (stage) => {
  const env = Object.fromEntries(
    Array.from({ length: 8 }, (_, n) => [`BIG_${n}`, "'".repeat(130_000)]),
  );
  const command = `: ${"x".repeat(130_000)}; printf %s "$BIG_0$BIG_7" | wc -c; exit 0`;
  const { code } = await stage.run(["enqueue"], {
    stdin: JSON.stringify({ id: "job", command, env, max_retries: 0 }),
  });
  assert.equal(code, 0);
  await stage.ok("worker", "start", "--drain");
  const { state, error } = await stage.job("job");
  assert.deepEqual([state, error], ["completed", null]);
  assert.equal((await stage.ok("logs", "job")).trim(), "260000");
}, { vias: ["source"] });

flow("a worker inside a job of a schedule drops the variables of that", async (stage) => {
  const outer = { QUEUECTL_SCHEDULE: "nightly", QUEUECTL_FIRE_TIME: "2030-01-01T00:00:00.000Z" };
  await stage.enqueue("env", "--id", "job");
  assert.equal((await stage.run(["worker", "start", "--drain"], { env: outer })).code, 0);
  assert.doesNotMatch(await stage.ok("logs", "job"), /QUEUECTL_SCHEDULE|QUEUECTL_FIRE_TIME/);
}, { vias: ["source"] });
