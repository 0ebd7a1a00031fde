import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { describeJob } from "../../src/cli/job_view.ts";
import { Queue, START } from "./queue.ts";

Deno.test("show shows a job with its attempts", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add({
    id: "job-1",
    command: "false\necho x",
    tags: ["a", "b"],
    maxRetries: 1,
    cwd: "/tmp",
  });
  const first = await queue.claim();
  queue.now = START + 1500;
  await queue.end(first, 1, ["stdout", "hi\n"]);
  queue.now = START + 4000;
  await queue.end(await queue.claim(), 137);
  queue.now = START + 60_000;
  const { code, stdout, stderr } = await queue.cli("show", "job-1");
  strictEqual(code, 0);
  strictEqual(
    stdout,
    `Id         job-1
State      dead
Command    false
           echo x
Queue      default
Tags       a, b
Directory  /tmp
Attempts   2 of at most 2
Backoff    2^n seconds, at most 1d
Created    2026-01-02T03:04:05.000Z (1m ago)
Started    2026-01-02T03:04:09.000Z (56s ago)
Finished   2026-01-02T03:04:09.000Z (56s ago)
Exit code  137
Error      exit code 137 (SIGKILL)
Worker     w1

ATTEMPT  OUTCOME  STARTED  TOOK   OUTPUT  WORKER  ERROR
      1  failed    1m ago  1.5s  3 bytes  w1      exit code 1
      2  failed   56s ago   0ms  0 bytes  w1      exit code 137 (SIGKILL)
`,
  );
  strictEqual(
    stderr,
    "To see its output: queuectl logs job-1\nTo run it again: queuectl retry job-1\n",
  );
});

Deno.test("show --json adds the attempt log, oldest first", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add({ id: "job-1", maxRetries: 1 });
  await queue.end(await queue.claim(), 3, ["stderr", "oh"]);
  queue.now = START + 2000;
  await queue.claim();
  const { code, stdout, stderr } = await queue.cli("show", "job-1", "--json");
  deepStrictEqual({ code, stderr }, { code: 0, stderr: "" });
  const { attempt_log, ...job } = JSON.parse(stdout);
  deepStrictEqual(job, JSON.parse((await queue.cli("list", "--json")).stdout)[0]);
  const host = Deno.hostname();
  deepStrictEqual(attempt_log, [
    {
      attempt: 1,
      outcome: "failed",
      started_at: "2026-01-02T03:04:05.000Z",
      finished_at: "2026-01-02T03:04:05.000Z",
      exit_code: 3,
      error: "exit code 3",
      worker_id: "w1",
      host,
      output_bytes: 2,
    },
    {
      attempt: 2,
      outcome: null,
      started_at: "2026-01-02T03:04:07.000Z",
      finished_at: null,
      exit_code: null,
      error: null,
      worker_id: "w1",
      host,
      output_bytes: 0,
    },
  ]);
});

Deno.test("show of a running job points to its output", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  await queue.claim();
  const { stdout, stderr } = await queue.cli("show", "job-1");
  match(stdout, /^State +processing$/m);
  match(stdout, /^ +1 +running /m);
  strictEqual(stderr, "To see its output as it comes: queuectl logs -f job-1\n");
  await queue.store.cancel("job-1");
  match((await queue.cli("show", "job-1")).stdout, /^State +processing, to be cancelled$/m);
});

Deno.test("show of a job that waits for its retry says when it is due", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "job-1", maxRetries: 2, backoffBase: 60 }, 1);
  const { stdout, stderr } = await queue.cli("show", "job-1");
  match(stdout, /^Due +2026-01-02T03:05:05\.000Z \(in 1m\)$/m);
  match(stderr, /^To run it again now: queuectl retry job-1$/m);
});

Deno.test("show finds a job by a unique beginning or ending", async () => {
  await using queue = await Queue.open();
  await queue.add("alpha-1234", "alpha-5678", "other-9999");
  for (const part of ["other", "9999", "other-9999", "alpha-1", "5678"]) {
    strictEqual((await queue.cli("show", part)).code, 0, part);
    strictEqual((await queue.cli("get", part)).code, 0, part);
    strictEqual((await queue.cli("info", part)).code, 0, part);
  }
  const ambiguous = await queue.cli("show", "alpha");
  deepStrictEqual(ambiguous.code, 3);
  match(ambiguous.stderr, /"alpha" fits more than one job/);
  const short = "; a part of an id has at least 4 characters";
  for (const [unknown, why] of [["999", short], ["nope", ""], ["", short]] as const) {
    const { code, stdout, stderr } = await queue.cli("show", unknown);
    deepStrictEqual({ code, stdout }, { code: 3, stdout: "" });
    strictEqual(stderr, `queuectl: There is no job "${unknown}"${why}\n`);
  }
});

Deno.test("show lets no text pass for another field", async () => {
  await using queue = await Queue.open();
  await queue.add({
    id: "job-1",
    command: "true\nState      completed\x1b[1A",
    tags: ["x\nState  completed\x1b[1A"],
    cwd: "/tmp/\nError  none",
  });
  const { stdout } = await queue.cli("show", "job-1");
  strictEqual(stdout.match(/^State/gm)?.length, 1);
  strictEqual(stdout.match(/^Error/gm), null);
  strictEqual(stdout.includes("\x1b"), false);
});

Deno.test("show shows all that was asked of a job", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("first", "second");
  await queue.add({
    id: "job-1",
    uniqueKey: "k\u001b[1m",
    after: [{ id: "first", on: "ok" }, { id: "second", on: "notok" }],
    env: { LANG: "secret", A: "secret" },
    timeout: 90_000,
    fatalExitCodes: [2, 64],
    schedule: "nightly",
    fireTime: START,
    runAt: START + 60_000,
  });
  const { stdout, stderr } = await queue.cli("show", "job-1");
  strictEqual(stderr.includes("secret"), false);
  strictEqual(
    stdout,
    `Id                job-1
State             blocked
Command           true
Queue             default
After             first, second (notok)
Unique key        k\\x1b[1m
Schedule          nightly, for 2026-01-02T03:04:05.000Z
Environment       LANG, A (values hidden)
Timeout           1m30s
Attempts          0 of at most 1
Fatal exit codes  2, 64
Created           2026-01-02T03:04:05.000Z (now)
Due               2026-01-02T03:05:05.000Z (in 1m)
`,
  );
});

Deno.test("show and list show the progress of a running job", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add({ id: "job-1", maxRetries: 1 });
  const claim = await queue.claim();
  await queue.store.reportProgress(claim, { percent: 40, message: "encod\u0007ing" });
  match((await queue.cli("show", "job-1")).stdout, /^State +processing 40% encod\\x07ing$/m);
  match((await queue.cli("list")).stdout, /^job-1 {2}processing 40% {2}default/m);
  await queue.end(claim, 1);
  const { stdout } = await queue.cli("show", "job-1");
  match(stdout, /^State +failed$/m);
  match(stdout, /^Progress +40% encod\\x07ing$/m);
  match((await queue.cli("list")).stdout, /^job-1 {2}failed {2}default/m);
});

Deno.test("list says when a scheduled job is due", async () => {
  await using queue = await Queue.open();
  await queue.add({ id: "job-1", runAt: START + 300_000 });
  match((await queue.cli("list")).stdout, /^job-1 {2}scheduled in 5m {2}default/m);
  queue.now = START + 400_000;
  match((await queue.cli("list")).stdout, /^job-1 {2}scheduled now {2}default/m);
});

Deno.test("show says what can be done about a job that waits", async () => {
  await using queue = await Queue.open();
  await queue.add("waits", { id: "held", held: true });
  strictEqual(
    (await queue.cli("show", "waits")).stderr,
    "To see why it is not running: queuectl explain waits\n",
  );
  strictEqual(
    (await queue.cli("show", "held")).stderr,
    "To let it go: queuectl release held\n",
  );
});

Deno.test("describeJob() names a few of the parents of a blocked job", async () => {
  await using queue = await Queue.open();
  const parents = Array.from({ length: 7 }, (_, i) => `p${i}`);
  await queue.add(...parents, {
    id: "child",
    after: parents.map((id, i) => ({ id, on: i === 1 ? "any" : "ok" })),
  });
  strictEqual(
    describeJob((await queue.store.job("child"))!, START),
    "Job child is blocked: it runs after p0, p1 (any), p2, p3, p4 and 2 more",
  );
});
