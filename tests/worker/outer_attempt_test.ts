import assert from "node:assert/strict";
import { attemptStart } from "../../src/worker/attempt_start.ts";
import { dropOuterAttempt } from "../../src/worker/outer_attempt.ts";
import type { Claim } from "../../src/store/tick.ts";

const job = {
  ...{ id: "job1", command: "true", queue: "mail", cwd: null, timeout: 1500, maxRetries: 3 },
  ...{ attempts: 2, schedule: "nightly", fireTime: Date.UTC(2030, 0, 31, 18) },
} as Claim["job"];

const claim: Claim = {
  ...{ jobId: "job1", token: "t1", job, attempt: 7, stdin: "input", isAhead: false },
  env: { QUEUECTL_JOB_ID: "planted", OWN: "1" },
};

const free = { slot: 3, launcher: { pid: 5, startTime: "6" } };
const options = { address: "/store.db", maxOutput: 1000, killGrace: 5000 };

Deno.test("attemptStart() tells the command of its job, and of the schedule where there is one", () => {
  const start = attemptStart(claim, free, options);
  assert.partialDeepStrictEqual(start, {
    ...{ slot: 3, timeout: 1500, killGrace: 5000, maxOutput: 1000, stdin: "input" },
    launcher: free.launcher,
  });
  assert.deepEqual(start.env, {
    OWN: "1",
    QUEUECTL_JOB_ID: "job1",
    QUEUECTL_ATTEMPT: "2",
    QUEUECTL_MAX_RETRIES: "3",
    QUEUECTL_QUEUE: "mail",
    QUEUECTL_ATTEMPT_TOKEN: "t1",
    QUEUECTL_DB: "/store.db",
    QUEUECTL_SCHEDULE: "nightly",
    QUEUECTL_FIRE_TIME: "2030-01-31T18:00:00.000Z",
  });
  const plain = attemptStart(
    { ...claim, job: { ...job, schedule: null, fireTime: null } },
    free,
    options,
  );
  assert.deepEqual(Object.keys(plain.env).filter((name) => /SCHEDULE|FIRE/.test(name)), []);
});

Deno.test("dropOuterAttempt() takes every variable of an attempt out of the environment", () => {
  const { env } = attemptStart(claim, free, options);
  const variables = new Map([...Object.entries(env), ["PATH", "/bin"]]);
  assert.equal(dropOuterAttempt("/store.db", environment(variables)), "job1");
  assert.deepEqual([...variables.keys()].toSorted(), ["OWN", "PATH"]);
  assert.equal(dropOuterAttempt("/other.db", environment(new Map(Object.entries(env)))), null);
});

function environment(variables: Map<string, string>) {
  return {
    get: (name: string) => variables.get(name),
    delete: (name: string) => void variables.delete(name),
  };
}
