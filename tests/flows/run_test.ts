/** `run`: a job in the queue that looks like a command in the foreground. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow, isLiving, type Stage } from "./stage.ts";

const UNTIL_GO = "until test -e go; do sleep 0.05; done";

const go = (stage: Stage) => Deno.writeTextFile(stage.join("go"), "");

flow("run shows what the job writes as it comes, and ends as it did", async (stage) => {
  await stage.worker();
  const command = `echo out; echo err >&2; ${UNTIL_GO}; echo done; exit 7`;
  const run = await stage.spawn(["run", "-r", "0", "--id", "job", "--", command]);
  await run.line("out", { stream: "stdout" });
  await run.line("err", { stream: "stderr" });
  assert.equal((await stage.job("job")).state, "processing");
  await go(stage);
  const { stdout, stderr } = await stage.end(run, 7);
  assert.equal(stdout, "out\ndone\n");
  assert.equal(stderr, "err\nqueuectl: Job job is dead: exit code 7\n");
  const quoted = await stage.run(["run", "--", "printf", "%s|", "a b", "'", "$HOME"]);
  assert.deepEqual([quoted.code, quoted.stdout, quoted.stderr], [0, "a b|'|$HOME|", ""]);
  assert.equal(await stage.sh(`echo '{"command":"echo from JSON"}' | queuectl run`), "from JSON\n");
  assert.equal((await stage.run(["run", "-r", "0", "--", "kill -9 $$"])).code, 137);
}, { vias: ["source", "executable", "oldest"], stores: BOTH_STORES });

flow("run goes on over all attempts", async (stage) => {
  await stage.worker();
  const command = "echo attempt $QUEUECTL_ATTEMPT; exit $((3 - QUEUECTL_ATTEMPT))";
  const run = await stage.run(["run", "--backoff-base", "0.3", "--", command]);
  assert.deepEqual([run.code, run.stdout], [0, "attempt 1\nattempt 2\nattempt 3\n"]);
  assert.match(run.stderr, /^queuectl: Attempt 1: exit code 2; again in \d+ms$/m);
  assert.match(run.stderr, /^queuectl: Attempt 3 begins$/m);
});

flow("run gives 10 MB of any bytes exactly", async (stage) => {
  await stage.ok("config", "set", "max_output", "32MiB");
  await stage.worker();
  const block = crypto.getRandomValues(new Uint8Array(65_536));
  const bytes = new Uint8Array(10 * 1024 * 1024);
  for (let at = 0; at < bytes.length; at += block.length) bytes.set(block, at);
  await Deno.writeFile(stage.join("blob"), bytes);
  const run = await stage.run(["run", "--", "cat blob; echo warning >&2"]);
  assert.deepEqual([run.code, run.stderr], [0, "warning\n"]);
  assert.equal(run.stdoutBytes.length, bytes.length);
  assert.equal(run.stdoutBytes.findIndex((byte, n) => byte !== bytes[n]), -1);
}, { vias: ["source", "executable", "oldest"] });

flow("run tells what max_output did not keep", async (stage) => {
  await stage.ok("config", "set", "max_output", "1000");
  await stage.worker();
  const run = await stage.run(["run", "--", "seq 1000"]);
  const [, missing] =
    /^queuectl: ([\d,]+) bytes of the output are missing here/m.exec(run.stderr) ??
      [];
  assert.equal(run.code, 0);
  assert.equal(run.stdoutBytes.length + Number(missing?.replaceAll(",", "")), 3893, run.stderr);
});

/** Says that it was asked to end, and ends when the file `go` is there. */
const STUBBORN = "echo $$ > pid; trap 'echo asked' TERM; echo up; " + UNTIL_GO;

for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
  flow(`run: ${signal} cancels the job and waits for its end`, async (stage) => {
    await stage.worker();
    const command = `sleep 300 & echo $! > pid; trap 'echo bye; exit 5' TERM; echo up; wait`;
    const run = await stage.spawn(["run", "--id", "job", "--", command]);
    await run.line("up", { stream: "stdout" });
    run.kill(signal);
    const { stdout, stderr } = await stage.end(run, code);
    assert.equal(stdout, "up\nbye\n");
    assert.match(stderr, /^queuectl: Cancelling job job; once more to leave at once$/m);
    assert.equal((await stage.job("job")).state, "cancelled");
    assert.equal(isLiving(Number(stage.read("pid"))), false);
  });
}

flow(
  "run: a signal cancels a job that waits, and one that nobody can end stays so",
  async (stage) => {
    const waiting = await stage.spawn(["run", "--id", "waits", "--json", "--", "true"]);
    await waitFor(async () => (await stage.run(["show", "waits"])).code === 0);
    waiting.kill("SIGINT");
    const { stdout } = await stage.end(waiting, 130);
    assert.equal(JSON.parse(stdout.trimEnd().split("\n").at(-1)!).state, "cancelled");

    const worker = await stage.worker();
    const run = await stage.spawn(["run", "--id", "job", "--", "echo up; sleep 300"]);
    await run.line("up", { stream: "stdout" });
    worker.kill("SIGKILL");
    await worker.ended();
    run.kill("SIGINT");
    const { stderr } = await stage.end(run, 130);
    assert.match(stderr, /Interrupted; job job is processing, it will be cancelled when a worker/);
    await stage.ok("worker", "start", "--drain");
    assert.equal((await stage.job("job")).state, "cancelled");
  },
);

flow("run: a second signal leaves at once, and the cancel stands", async (stage) => {
  await stage.ok("config", "set", "kill_grace", "1h");
  await stage.worker();
  const run = await stage.spawn(["run", "--id", "job", "--", STUBBORN]);
  await run.line("up", { stream: "stdout" });
  run.kill("SIGINT");
  await run.line("asked", { stream: "stdout" });
  run.kill("SIGINT");
  const { stderr } = await stage.end(run, 130);
  assert.match(stderr, /Interrupted; job job is processing, it was asked to end/);
  assert.equal((await stage.job("job")).state, "processing");
  await go(stage);
  await stage.until("job", "cancelled");
});

flow("run: signals work though nobody reads the output", async (stage) => {
  await stage.worker();
  // A pipe that this shell holds open at both ends, and never reads.
  const run = await stage.shell(
    "mkfifo pipe; exec 3<>pipe; exec queuectl run --id job -- 'seq 100000; sleep 300' >pipe",
  );
  await waitFor(async () => (await stage.run(["logs", "job"])).stdout.length > 200_000);
  run.kill("SIGINT");
  await stage.until("job", "cancelled");
  run.kill("SIGINT");
  await stage.end(run, 130);
});

flow("run --wait-timeout ends with 124, run --timeout ends the job", async (stage) => {
  await stage.worker(["--count", "2"]);
  const late = await stage.run(["run", "--wait-timeout", "300ms", "--id", "job", "--", UNTIL_GO]);
  assert.equal(late.code, 124);
  assert.match(late.stderr, /it is processing and goes on; to follow it: queuectl logs -f job$/m);
  await go(stage);
  await stage.until("job", "completed");
  const timed = await stage.run(["run", "--timeout", "300ms", "-r", "0", "--", "sleep 300"]);
  assert.match(timed.stderr, /timed out after 300ms$/m);
  assert.equal(timed.code, 143);
});

flow("run ends quietly when its reader has gone, and the job goes on", async (stage) => {
  await stage.worker();
  const script =
    `{ queuectl run --id job -- 'echo one; ${UNTIL_GO}; echo two; sleep 0.5; echo three'
    echo $? > code; } | { read line; echo "$line"; }`;
  const shell = await stage.shell(script);
  await shell.line("one");
  await go(stage);
  const { stdout, stderr } = await stage.end(shell);
  assert.deepEqual([stdout, stderr], ["one\n", ""]);
  await stage.until("job", "completed");
  assert.equal(await stage.ok("logs", "job"), "one\ntwo\nthree\n");
  await stage.untilLines("code");
  assert.equal(stage.read("code"), "141\n");
});

flow("run --json: the output as logs -f --json has it, and last the job", async (stage) => {
  await stage.worker();
  const run = await stage.run(["run", "-r", "0", "--json", "--", "echo out; echo err >&2; exit 3"]);
  assert.deepEqual([run.code, run.stderr], [3, ""]);
  const lines = run.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const job = lines.pop();
  assert.partialDeepStrictEqual(job, { state: "dead", exit_code: 3 });
  assert.deepEqual(lines.map(({ stream, text }) => [stream, text]).sort(), [
    ["stderr", "err\n"],
    ["stdout", "out\n"],
  ]);
  const logs = await stage.ok("logs", "-f", "--json", job.id);
  assert.equal(logs, run.stdout.split("\n").slice(0, -2).join("\n") + "\n");
});

flow("run --if-exists return follows the holder, and leaves it alone", async (stage) => {
  await stage.worker();
  await stage.enqueue(`echo mine; ${UNTIL_GO}`, "--id", "holder", "--unique-key", "k");
  const args = ["run", "--unique-key", "k", "--if-exists", "return", "--", "echo other"];
  const follower = await stage.spawn(args);
  await follower.line("mine", { stream: "stdout" });
  follower.kill("SIGINT");
  const { stderr } = await stage.end(follower, 130);
  assert.match(stderr, /Interrupted; job holder is processing, it goes on/);
  const second = await stage.spawn(args);
  await second.line("mine", { stream: "stdout" });
  await go(stage);
  assert.equal((await stage.end(second)).stdout, "mine\n");
}, { stores: BOTH_STORES });

flow("run says on a terminal how to start a worker, and waits for one", async (stage) => {
  const run = await stage.shell("script -qec 'queuectl run --id job -- echo hello' /dev/null");
  await run.line("No worker is running; to start one: queuectl worker start");
  await stage.worker();
  await run.line(/^hello\r?$/);
  await stage.end(run);
});

flow("run: wrong usage is 2, what queuectl cannot do is 125", async (stage) => {
  const cases: [number, RegExp, ...string[]][] = [
    [2, /No job given/],
    [2, /"command" is empty/, "--command", ""],
    [2, /Give one job, not 2/, '[{"command":"a"},{"command":"b"}]'],
    [2, /Unknown flag --wait/, "--wait", "--", "true"],
    [2, /priority/, "--priority", "urgent", "--", "true"],
    [125, /./, "--db", "/dev/null/x.db", "--", "true"],
    [125, /./, "--after", "nobody", "--", "true"],
  ];
  for (const [code, says, ...args] of cases) {
    const run = await stage.run(["run", ...args]);
    assert.deepEqual([run.code, run.stdout], [code, ""], `${args.join(" ")}: ${run.stderr}`);
    assert.match(run.stderr, says);
    assert.doesNotMatch(run.stderr, /Unexpected/);
  }
});
