/**
 * Jobs as JSON: right ones become what was meant, wrong ones are refused, whatever the bytes.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Queue } from "../cli/queue.ts";
import { type InputProperty, inputProperty } from "./property.ts";
import { oddJob, rightJob } from "./specs.ts";
import { NASTY, text } from "./texts.ts";

const encoder = new TextEncoder();

/** Right jobs, one by one and in lists, by every way in, and through an export into another store. */
const right: InputProperty = inputProperty({
  title: "enqueue takes what is valid, show gives it back, and export and import keep it",
  runs: 25,
  inputs: fc.tuple(
    fc.array(rightJob, { minLength: 1, maxLength: 4 }),
    fc.constantFrom("argument", "array", "lines", "CRLF lines", "BOM"),
  ),
}, async (world, [jobs, way]) => {
  const values = jobs.map(({ written }) => JSON.stringify(written));
  const lines = `${values.join("\n")}\n`;
  const stdin = {
    argument: undefined,
    array: `[${values.join(",")}]`,
    lines,
    "CRLF lines": lines.replaceAll("\n", "\r\n"),
    BOM: `\ufeff${lines}`,
  }[way];
  const { stdout } = stdin === undefined
    ? await world.try(["enqueue", `[${values.join(" , ")}]`], { codes: [0] })
    : await world.try(["enqueue"], { codes: [0], stdin });
  const ids = stdout.trimEnd().split("\n");
  assert.equal(ids.length, jobs.length);
  for (const [i, id] of ids.entries()) {
    const shown = await world.try(["show", id, "--json"], { codes: [0], json: true });
    const { env, ...printed } = JSON.parse(shown.stdout);
    assert.partialDeepStrictEqual({ ...printed, env: env?.toSorted() ?? null }, {
      ...jobs[i]!.printed,
      ...(Array.isArray(jobs[i]!.printed.env) ? { env: jobs[i]!.printed.env.toSorted() } : {}),
    });
    await world.try(["show", id], { codes: [0] });
  }
  const { stdout: exported } = await world.try(["export"], { codes: [0] });
  await using other = await Queue.open();
  const imported = await other.fed(exported, "import", "--drop-env", "-");
  assert.equal(imported.code, 0, imported.stderr);
  const again = await other.cli("export");
  assert.deepEqual(withoutEnv(again.stdout), withoutEnv(exported));
  const { queue } = world;
  await queue.cli("cancel", ...ids);
  await queue.cli("delete", ...ids);
});

/** The values of variables are not exported, so another store has none. */
function withoutEnv(lines: string): unknown[] {
  return lines.trimEnd().split("\n").map((line) => {
    const { env: _, updated_at: __, ...rest } = JSON.parse(line);
    return rest;
  });
}

/** Wrong jobs: each refused whole, in a sentence. */
const odd: InputProperty = inputProperty({
  title: "enqueue refuses what is wrong in one sentence and changes nothing",
  runs: 250,
  inputs: fc.tuple(fc.array(oddJob, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean()),
}, async (world, [jobs, asList, json]) => {
  const input = asList ? JSON.stringify(jobs) : jobs.map((job) => JSON.stringify(job)).join("\n");
  const args = json ? ["--json", "enqueue", "-"] : ["enqueue", "-"];
  const { code, stdout } = await world.try(args, { stdin: input, json });
  if (code !== 0 || json) return;
  const ids = stdout.split("\n").filter((id) => id !== "");
  for (const [i, id] of ids.entries()) {
    const shown = await world.try(["show", id, "--json"], { codes: [0], json: true });
    assert.partialDeepStrictEqual(JSON.parse(shown.stdout), plainTexts(jobs[i]));
    await world.try(["show", id], { codes: [0], columns: 40 });
  }
});

/** What of a job is printed as it was written, if it was accepted. */
function plainTexts(job: unknown): Record<string, unknown> {
  if (typeof job === "string") return { command: job };
  const isPlain = ([key, value]: [string, unknown]) =>
    ["command", "unique_key", "queue"].includes(key) && typeof value === "string";
  return Object.fromEntries(Object.entries(Object(job)).filter(isPlain));
}

/** JSON that is broken somewhere. */
const brokenJson: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.tuple(
  fc.oneof(rightJob.map(({ written }) => written), oddJob, fc.array(oddJob, { maxLength: 2 })),
  fc.array(
    fc.tuple(
      fc.nat(),
      fc.nat(4),
      fc.oneof(
        fc.uint8Array({ maxLength: 3 }),
        fc.constantFrom(
          "",
          ...NASTY,
          "[",
          "{",
          '"',
          ",",
          ":",
          "\\",
          "\\u",
          "\\ud800",
          "\n",
          "\r\n",
          "\ufeff",
          "1e400",
        )
          .map((text) => encoder.encode(text)),
      ),
    ),
    { minLength: 1, maxLength: 3 },
  ),
  fc.constantFrom(0, 0, 2),
).map(([value, splices, indent]) => {
  let bytes = encoder.encode(JSON.stringify(value, null, indent));
  for (const [at, removed, put] of splices) {
    const start = at % (bytes.length + 1);
    bytes = Uint8Array.from([
      ...bytes.subarray(0, start),
      ...put,
      ...bytes.subarray(start + removed),
    ]);
  }
  return bytes;
});

/** A bracket a hundred thousand times, wherever a value can be. */
const deep = fc.tuple(
  fc.constantFrom(["[", "]"], ['{"a":', "}"], ['[{"after":[', "]}]"]),
  fc.constantFrom(
    "",
    '{"command":"x","created_at":',
    '{"command":',
    '{"command":"x","env":{"A":',
    '{"command":"x","after":',
  ),
  fc.boolean(),
).map(([[open, close], before, isClosed]) =>
  encoder.encode(
    before + open!.repeat(100_000) + (isClosed ? `1${close!.repeat(100_000)}` : "") +
      "}".repeat(before.split("{").length - 1),
  )
);

const bytes: InputProperty = inputProperty({
  title: "enqueue survives any bytes on its standard input",
  runs: 250,
  inputs: fc.oneof(
    { weight: 10, arbitrary: brokenJson },
    {
      weight: 3,
      arbitrary: fc.uint8Array({ maxLength: 40 }) as fc.Arbitrary<Uint8Array<ArrayBuffer>>,
    },
    { weight: 3, arbitrary: text.map((text) => encoder.encode(text)) },
    { weight: 1, arbitrary: deep },
  ),
}, async (world, stdin) => {
  await world.try(["enqueue"], { stdin });
});

/** What is asked of job JSON. */
export const JOB_PROPERTIES: readonly InputProperty[] = [right, odd, bytes];
