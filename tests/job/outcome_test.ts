import assert from "node:assert/strict";
import fc from "fast-check";
import { backoffDelay } from "../../src/job/backoff.ts";
import {
  type AttemptedJob,
  describeExit,
  type Outcome,
  outcomeOfExit,
  settle,
} from "../../src/job/outcome.ts";
import { transition } from "../../src/job/state.ts";

const outcomes: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constant({ kind: "completed" as const }),
  fc.integer({ min: 1, max: 255 }).map((exitCode) => ({ kind: "failed" as const, exitCode })),
  fc.string().map((error) => ({ kind: "not_started" as const, error })),
  fc.string().map((error) => ({ kind: "lost" as const, error })),
  fc.record({
    kind: fc.constant("timed_out" as const),
    timeout: fc.integer({ min: 1, max: 1e12 }),
    exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
  }),
  fc.record({
    kind: fc.constant("cancelled" as const),
    exitCode: fc.option(fc.integer({ min: 0, max: 255 })),
  }),
  fc.constant({ kind: "handed_back" as const }),
);
const jobs: fc.Arbitrary<AttemptedJob> = fc.record({
  attempts: fc.integer({ min: 1, max: 50 }),
  maxRetries: fc.nat(50),
  fatalExitCodes: fc.array(fc.integer({ min: 1, max: 255 })),
  cancelRequested: fc.boolean(),
  backoffBase: fc.double({ min: 0, max: 1000, noNaN: true }),
  backoffMax: fc.nat(86_400_000),
  backoffJitter: fc.double({ min: 0, max: 1, noNaN: true }),
});
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

const job: AttemptedJob = {
  attempts: 1,
  maxRetries: 1,
  fatalExitCodes: [],
  cancelRequested: false,
  backoffBase: 3,
  backoffMax: 86_400_000,
  backoffJitter: 0,
};

Deno.test("settle() keeps an error that an index can take, however long a path in it is", () => {
  for (const letter of ["a", "€", "😀"]) {
    const error = `no directory /${letter.repeat(5000)}`;
    const kept = settle(job, { kind: "not_started", error }, 0).error!;
    assert.ok(new TextEncoder().encode(kept).length <= 2400);
    assert.ok(kept.startsWith(`no directory /${letter.repeat(300)}`) && kept.endsWith("…"));
    assert.ok(kept.isWellFormed());
  }
  const error = "a".repeat(800);
  assert.equal(settle(job, { kind: "lost", error }, 0).error, error);
});

Deno.test("settle: each outcome of a job with a retry left", () => {
  assert.deepEqual(settle(job, { kind: "completed" }, 0), {
    event: "complete",
    outcome: "completed",
    exitCode: 0,
    error: null,
    delay: null,
    counts: true,
  });
  assert.deepEqual(settle(job, { kind: "failed", exitCode: 7 }, 0), {
    event: "fail",
    outcome: "failed",
    exitCode: 7,
    error: "exit code 7",
    delay: 3000,
    counts: true,
  });
  assert.deepEqual(settle(job, { kind: "not_started", error: "no such directory" }, 0), {
    event: "fail",
    outcome: "not_started",
    exitCode: null,
    error: "no such directory",
    delay: 3000,
    counts: true,
  });
  assert.deepEqual(settle(job, { kind: "lost", error: "the worker died" }, 0), {
    event: "fail",
    outcome: "lost",
    exitCode: null,
    error: "the worker died",
    delay: 3000,
    counts: true,
  });
  assert.deepEqual(settle(job, { kind: "handed_back" }, 0), {
    event: "hand_back",
    outcome: "handed_back",
    exitCode: null,
    error: null,
    delay: null,
    counts: false,
  });
});

Deno.test("settle: a timeout is a failure that says how long the command had", () => {
  const outcome = { kind: "timed_out", timeout: 90_000, exitCode: 143 } as const;
  const failed = {
    outcome: "timed_out",
    exitCode: 143,
    error: "timed out after 1m30s",
    counts: true,
  };
  assert.deepEqual(settle(job, outcome, 0), { ...failed, event: "fail", delay: 3000 });
  const last = { ...job, maxRetries: 0 };
  assert.deepEqual(settle(last, outcome, 0), { ...failed, event: "give_up", delay: null });
  assert.equal(settle(job, { ...outcome, exitCode: null }, 0).exitCode, null);
  // An exit code that the worker's signal brought is not the command's own word.
  const fatal = { ...job, fatalExitCodes: [143] };
  assert.equal(settle(fatal, outcome, 0).event, "fail");
});

Deno.test("settle: an end that the worker brought about for a cancel is cancelled", () => {
  for (const cancelRequested of [true, false]) {
    for (const exitCode of [null, 0, 143]) {
      const result = settle({ ...job, cancelRequested }, { kind: "cancelled", exitCode }, 0);
      assert.deepEqual(result, {
        event: "end_cancelled",
        outcome: "cancelled",
        exitCode,
        error: "cancelled",
        delay: null,
        counts: true,
      });
    }
  }
});

Deno.test("settle: a fatal exit code gives up at once, whatever retries are left", () => {
  const fatal = { ...job, maxRetries: 9, fatalExitCodes: [2, 64] };
  const result = settle(fatal, { kind: "failed", exitCode: 64 }, 0);
  assert.deepEqual([result.event, result.delay], ["give_up", null]);
  assert.equal(result.error, "exit code 64, which is fatal");
  assert.equal(settle(fatal, { kind: "failed", exitCode: 63 }, 0).event, "fail");
  const cancelled = { ...fatal, cancelRequested: true };
  assert.equal(settle(cancelled, { kind: "failed", exitCode: 64 }, 0).event, "end_cancelled");
});

Deno.test("settle: max_retries r allows r + 1 attempts", () => {
  for (const maxRetries of [0, 1, 2, 7]) {
    for (let attempts = 1; attempts <= maxRetries + 1; attempts++) {
      const { event } = settle(
        { ...job, attempts, maxRetries },
        { kind: "failed", exitCode: 1 },
        0,
      );
      assert.equal(event, attempts <= maxRetries ? "fail" : "give_up");
    }
  }
});

Deno.test("settle: the event depends on outcome, cancel and retries as the design says", () => {
  fc.assert(fc.property(jobs, outcomes, random, (job, outcome, random) => {
    const { event } = settle(job, outcome, random);
    const expected = outcome.kind === "completed"
      ? "complete"
      : job.cancelRequested || outcome.kind === "cancelled"
      ? "end_cancelled"
      : outcome.kind === "handed_back"
      ? "hand_back"
      : outcome.kind === "failed" && job.fatalExitCodes.includes(outcome.exitCode) ||
          job.attempts > job.maxRetries
      ? "give_up"
      : "fail";
    assert.equal(event, expected);
  }));
});

Deno.test("settle: its event is always one that a processing job allows", () => {
  fc.assert(fc.property(jobs, outcomes, random, (job, outcome, random) => {
    assert.notEqual(transition("processing", settle(job, outcome, random).event), null);
  }));
});

Deno.test("settle: the parts agree with each other", () => {
  fc.assert(fc.property(jobs, outcomes, random, (job, outcome, random) => {
    const result = settle(job, outcome, random);
    assert.equal(result.delay !== null, result.event === "fail");
    if (result.event === "fail") {
      assert.equal(result.delay, backoffDelay(job, job.attempts, random));
    }
    assert.equal(result.counts, result.event !== "hand_back");
    assert.equal(result.error === null, ["complete", "hand_back"].includes(result.event));
    assert.equal(
      result.exitCode,
      outcome.kind === "completed" ? 0 : "exitCode" in outcome ? outcome.exitCode : null,
    );
    assert.equal(
      result.outcome,
      result.event === "end_cancelled" ? "cancelled" : outcome.kind,
    );
  }));
});

Deno.test("outcomeOfExit: 0 is success, everything else failure", () => {
  assert.deepEqual(outcomeOfExit(0), { kind: "completed" });
  fc.assert(fc.property(fc.integer({ min: 1, max: 255 }), (code) => {
    assert.deepEqual(outcomeOfExit(code), { kind: "failed", exitCode: code });
  }));
});

Deno.test("describeExit: says what a code means", () => {
  const expected: [number, string][] = [
    [1, "exit code 1"],
    [2, "exit code 2"],
    [126, "exit code 126 (command cannot be executed)"],
    [127, "exit code 127 (command not found)"],
    [128, "exit code 128"],
    [129, "exit code 129 (SIGHUP)"],
    [130, "exit code 130 (SIGINT)"],
    [137, "exit code 137 (SIGKILL)"],
    [139, "exit code 139 (SIGSEGV)"],
    [143, "exit code 143 (SIGTERM)"],
    [255, "exit code 255"],
  ];
  for (const [code, text] of expected) assert.equal(describeExit(code), text);
});

Deno.test("describeExit: names every code, in one line", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 255 }), (code) => {
    assert.match(describeExit(code), new RegExp(`^exit code ${code}( \\([A-Za-z0-9 ]+\\))?$`));
  }));
});
