import assert from "node:assert/strict";
import { parseSpec } from "../../../src/job/spec.ts";
import {
  checkForm,
  EMPTY_FORM,
  formOfJob,
  formOfSpec,
  specOfForm,
} from "../../../src/web/page/job_form.ts";
import type { JobJson } from "../../../src/job/json.ts";

Deno.test("specOfForm() leaves out what is empty", () => {
  assert.deepEqual(specOfForm({ ...EMPTY_FORM, command: "true" }), { command: "true" });
});

Deno.test("specOfForm() reads every field, and the server takes it", () => {
  const fields = {
    ...EMPTY_FORM,
    command: "echo hi\n",
    id: "job1",
    queue: "media",
    priority: "high",
    max_retries: "5",
    timeout: "1h30m",
    when: "delay" as const,
    delay: "10m",
    run_at: "2030-01-01T00:00",
    tags: "a, b  c",
    env: "A=1\n\nB=x=y z\n",
    stdin: " line\n",
    unique_key: "k",
    after: "job2\n job3 any ",
    cwd: "/srv",
    backoff_base: "1.5",
    backoff_max: "1d",
    backoff_jitter: ".5",
    fatal_exit_codes: "2, 64",
  };
  const spec = specOfForm(fields);
  assert.deepEqual(spec, {
    command: "echo hi\n",
    id: "job1",
    queue: "media",
    priority: "high",
    max_retries: 5,
    timeout: "1h30m",
    delay: "10m",
    tags: ["a", "b", "c"],
    env: { A: "1", B: "x=y z" },
    stdin: " line\n",
    unique_key: "k",
    after: ["job2", { id: "job3", on: "any" }],
    cwd: "/srv",
    backoff_base: 1.5,
    backoff_max: "1d",
    backoff_jitter: 0.5,
    fatal_exit_codes: [2, 64],
  });
  assert.doesNotThrow(() => parseSpec(spec));
  assert.deepEqual(checkForm(fields), {});
});

Deno.test("specOfForm() gives a time chosen in the browser's zone as an instant", () => {
  const spec = specOfForm({
    ...EMPTY_FORM,
    command: "x",
    when: "run_at",
    run_at: "2030-01-31T18:00",
  });
  assert.equal(spec.run_at, new Date("2030-01-31T18:00").toISOString());
});

Deno.test("checkForm() says all that is wrong, in the server's words", () => {
  const errors = checkForm({
    ...EMPTY_FORM,
    command: "  ",
    queue: "a b",
    priority: "urgent",
    max_retries: "1.5",
    timeout: "soon",
    when: "delay",
    tags: "x".repeat(129),
    env: "no equals sign",
    after: "job1 never",
    backoff_jitter: "2",
    fatal_exit_codes: "0",
  });
  assert.deepEqual(Object.keys(errors).sort(), [
    "after",
    "backoff_jitter",
    "command",
    "delay",
    "env",
    "fatal_exit_codes",
    "max_retries",
    "priority",
    "queue",
    "tags",
    "timeout",
  ]);
  assert.equal(errors.command, "Is empty: give the shell command to run");
  assert.equal(errors.priority, "Must be an integer from -1000 to 1000, or low, normal or high");
});

Deno.test("formOfJob() fills the form so that the same job comes out", () => {
  const job: Partial<JobJson> = {
    command: "x",
    queue: "media",
    priority: -5,
    max_retries: 3,
    timeout: 90,
    tags: ["a", "b"],
    env: ["A"],
    unique_key: null,
    after: [{ id: "p", on: "ok" }, { id: "q", on: "notok" }],
    cwd: "/srv",
    backoff_base: 2,
    backoff_max: 86_400,
    backoff_jitter: 0,
    fatal_exit_codes: null,
  };
  assert.deepEqual(specOfForm(formOfJob(job as JobJson)), {
    command: "x",
    queue: "media",
    priority: -5,
    max_retries: 3,
    timeout: 90,
    tags: ["a", "b"],
    env: { A: "" },
    after: ["p", { id: "q", on: "notok" }],
    cwd: "/srv",
    backoff_base: 2,
    backoff_max: 86_400,
    backoff_jitter: 0,
  });
});

Deno.test("formOfSpec() shows what specOfForm() reads back", () => {
  const spec = {
    command: "x",
    priority: "high",
    max_retries: 0,
    timeout: 1.5,
    run_at: "2030-01-31T18:00:05.000Z",
    tags: ["a", "b"],
    env: { A: "1", B: "x=y" },
    after: ["p", { id: "q", on: "any" }],
    fatal_exit_codes: [1, 2],
    stdin: "a\nb",
  };
  const form = formOfSpec({ ...spec, queue: null }, { if_exists: "return", when: "now" });
  assert.deepEqual(specOfForm(form!), spec);
  assert.equal(form!.if_exists, "return");
});

Deno.test("formOfSpec() refuses what the form cannot show", () => {
  const rest = { if_exists: "fail", when: "hold" } as const;
  for (
    const spec of [
      { command: "x", unknown: 1 },
      { command: "x", env: { A: "two\nlines" } },
      { command: "x", tags: ["a b"] },
      { command: "x", run_at: "2030-01-31T18:00" },
      { command: "x", timeout: true },
      { command: "x", if_exists: "return" },
      { command: "x", delay: 5 },
    ]
  ) assert.equal(formOfSpec(spec, rest), null, JSON.stringify(spec));
});
