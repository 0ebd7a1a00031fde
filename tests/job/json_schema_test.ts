import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { jobSchema } from "../../src/job/json_schema.ts";
import { jobToJson } from "../../src/job/json.ts";
import { parseSpec } from "../../src/job/spec.ts";
import { SPEC_FIELDS } from "../../src/job/spec_fields.ts";
import { REPOSITORY } from "../toolchain/folders.ts";
import { job } from "./jobs.ts";

// Strict about the schema itself: an unknown keyword is an error.
const fits = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true })
  .compile(jobSchema());

const accepts = (spec: unknown) => {
  try {
    return parseSpec(spec) !== null;
  } catch {
    return false;
  }
};

const VALID: readonly Record<string, unknown>[] = [
  { command: "true" },
  { command: "x".repeat(131_071), id: "A1._:@/-z", queue: "Mail.q_1-x" },
  { command: "true", priority: -1000, max_retries: 0, backoff_base: 1.5, backoff_max: "1h30m" },
  { command: "true", priority: "high", backoff_jitter: 1, timeout: "none" },
  { command: "true", timeout: 0.5, delay: 0, stdin: "", cwd: "some/where" },
  { command: "true", run_at: "2030-01-31T18:00:00Z", unique_key: "k" },
  { command: "true", run_at: "2030-01-31T18:00", delay: null },
  { command: "true", after: ["a", { id: "b" }, { id: "c", on: "any" }] },
  { command: "true", env: { A: "", _b1: "x\ny" }, tags: ["ünï", "a", "a"] },
  { command: "true", fatal_exit_codes: [2, 255, 2] },
  { command: "true", state: "pending", attempts: 0, attempt_log: [], created_at: "whatever" },
  { command: "true", finished_at: 7, schedule: null, fire_time: "x", progress: null, error: null },
  { command: "true", ...Object.fromEntries(keysBut("command").map((key) => [key, null])) },
];

const INVALID: readonly unknown[] = [
  null,
  "true",
  [],
  {},
  { command: null },
  { command: "" },
  { command: " \n" },
  { command: "x".repeat(131_072) },
  { command: "true", id: "-x" },
  { command: "true", id: "x".repeat(129) },
  { command: "true", queue: "a/b" },
  { command: "true", priority: 1001 },
  { command: "true", priority: 1.5 },
  { command: "true", priority: "urgent" },
  { command: "true", max_retries: -1 },
  { command: "true", backoff_base: 1001 },
  { command: "true", backoff_jitter: 1.1 },
  { command: "true", backoff_max: -1 },
  { command: "true", timeout: 0 },
  { command: "true", timeout: true },
  { command: "true", delay: 3_155_760_001 },
  { command: "true", run_at: 5 },
  { command: "true", run_at: "2030-01-31T18:00:00Z", delay: 5 },
  { command: "true", unique_key: "" },
  { command: "true", unique_key: "x".repeat(257) },
  { command: "true", after: "a" },
  { command: "true", after: ["a", "a"] },
  { command: "true", after: [{ id: "a", on: "never" }] },
  { command: "true", after: [{ id: "a", when: "any" }] },
  { command: "true", env: ["A"] },
  { command: "true", env: { "1": "x" } },
  { command: "true", env: { A: 1 } },
  { command: "true", fatal_exit_codes: [0] },
  { command: "true", cwd: "" },
  { command: "true", tags: ["a b"] },
  { command: "true", tags: [""] },
  { command: "true", tags: "a" },
  { command: "true", stdin: 5 },
  { command: "true", state: "dead" },
  { command: "true", attempts: 1 },
  { command: "true", attempt_log: "x" },
  { command: "true", schedule: "nightly" },
  { command: "true", max_retires: 1 },
];

Deno.test("jobSchema() lets valid jobs pass, as parseSpec() does", () => {
  for (const spec of VALID) {
    const shown = JSON.stringify(spec).slice(0, 200);
    assert.ok(fits(spec), `${shown}: ${JSON.stringify(fits.errors)}`);
    assert.ok(accepts(spec), shown);
  }
});

Deno.test("jobSchema() refuses what is wrong, as parseSpec() does", () => {
  for (const spec of INVALID) {
    const shown = JSON.stringify(spec).slice(0, 200);
    assert.ok(!fits(spec), shown);
    // A text is the command, which is no matter of the object's schema.
    if (typeof spec !== "string") assert.ok(!accepts(spec), shown);
  }
});

Deno.test("jobSchema() lets every example of the README pass", async () => {
  const readme = await Deno.readTextFile(`${REPOSITORY}README.md`);
  const jobs = [...readme.matchAll(/'(\{"[^'\n]*\})'/g)].map(([, text]) => JSON.parse(text!))
    .filter((value) => "command" in value);
  assert.ok(jobs.length >= 2, `${jobs.length} examples`);
  for (const job of jobs) assert.ok(fits(job), JSON.stringify([job, fits.errors]));
});

Deno.test("jobSchema() describes every key, and its own examples and defaults are valid", () => {
  const schema = jobSchema() as {
    properties: Record<string, { description?: string; examples?: unknown[]; default?: unknown }>;
    examples: unknown[];
  };
  for (const key of Object.keys(SPEC_FIELDS)) assert.ok(schema.properties[key]?.description, key);
  for (const [key, { examples = [], ...property }] of Object.entries(schema.properties)) {
    const values = "default" in property ? [...examples, property.default] : examples;
    for (const value of values) {
      const spec = { command: "true", [key]: value };
      assert.ok(fits(spec) && accepts(spec), `${key}: ${JSON.stringify(value)}`);
    }
  }
  for (const example of schema.examples) assert.ok(fits(example) && accepts(example));
});

Deno.test("jobSchema() knows every key that a printed job has", () => {
  const { properties } = jobSchema() as { properties: Record<string, unknown> };
  for (const key of Object.keys(jobToJson(job()))) assert.ok(Object.hasOwn(properties, key), key);
});

Deno.test("jobSchema() refuses nothing that parseSpec() takes, in the spelling that is printed", () => {
  const { properties } = jobSchema() as { properties: Record<string, unknown> };
  const value = fc.oneof(
    fc.anything({ maxDepth: 2 }),
    fc.integer({ min: -2000, max: 5_000_000_000 }),
    fc.double(),
    fc.string({ unit: "binary" }),
    fc.constantFrom(...[...VALID, ...INVALID].flatMap((spec) => Object.values(spec ?? {}))),
  );
  const specs = fc.dictionary(fc.constantFrom(...Object.keys(properties)), value)
    .map((keys) => ({ command: "true", ...keys }));
  let taken = 0;
  fc.assert(
    fc.property(specs, (spec) => {
      // What reaches enqueue has been JSON.
      const written = JSON.parse(JSON.stringify(spec));
      if (!accepts(written)) return;
      taken++;
      assert.ok(fits(written), JSON.stringify([written, fits.errors]));
    }),
    { numRuns: 5000 },
  );
  assert.ok(taken > 100, `only ${taken} were valid`);
});

function keysBut(key: string): string[] {
  return Object.keys(SPEC_FIELDS).filter((other) => other !== key);
}
