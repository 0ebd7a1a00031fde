/**
 * Files of records, as `export` writes them and as somebody has spoilt them.
 *
 * @module
 */

import fc from "fast-check";
import { fullQueue } from "../cli/full_queue.ts";
import { type InputProperty, inputProperty } from "./property.ts";
import { oddValue } from "./specs.ts";
import { NASTY } from "./texts.ts";

/** A line of an export, or a part of it. */
type Json = Record<string, unknown>;

/** What a store with something of everything exports. */
const lines: readonly string[] = await (async () => {
  await using queue = await fullQueue();
  return (await queue.cli("export")).stdout.trimEnd().split("\n");
})();

const KEYS = [...new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))))];

/** Something that is done to a line. */
const spoiling: fc.Arbitrary<(line: string) => string> = fc.oneof(
  fc.tuple(fc.constantFrom(...KEYS, "__proto__", "constructor"), oddValue).map(([key, value]) =>
    inJson((job) =>
      Object.fromEntries([...Object.entries(job).filter(([k]) => k !== key), [key, value]])
    )
  ),
  fc.constantFrom(...KEYS).map((key) =>
    inJson((job) => Object.fromEntries(Object.entries(job).filter(([one]) => one !== key)))
  ),
  fc.tuple(
    fc.constantFrom("attempt_log", "output", "after", "progress"),
    fc.constantFrom(
      "attempt",
      "started_at",
      "error",
      "text",
      "base64",
      "stream",
      "time",
      "missing",
      "id",
      "percent",
      "x\n",
    ),
    oddValue,
  ).map(([key, part, value]) =>
    inJson((job) => ({ ...job, [key]: within(job[key], part, value) }))
  ),
  fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...NASTY)).map(
    ([at, removed, put]) => (line: string) => {
      const start = at % (line.length + 1);
      return line.slice(0, start) + put + line.slice(start + removed);
    },
  ),
  fc.constantFrom(
    (line: string) => `${line}\n${line}`,
    (line: string) => `[${line}]`,
    () => "",
    () => "null",
  ),
);

function inJson(change: (job: Json) => unknown): (line: string) => string {
  return (line) => {
    try {
      return JSON.stringify(change(JSON.parse(line)));
    } catch {
      return line;
    }
  };
}

/** The value with another part; in a list, in its first item. */
function within(whole: unknown, part: string, value: unknown): unknown {
  if (!Array.isArray(whole)) return { ...Object(whole), [part]: value };
  return [{ ...Object(whole[0]), [part]: value }, ...whole.slice(1)];
}

/** Files, most with a line or two that are spoilt. */
const file: fc.Arbitrary<string> = fc.tuple(
  fc.shuffledSubarray(lines.map((_, i) => i), { minLength: 1 }),
  fc.array(fc.tuple(fc.nat(), spoiling), { maxLength: 3 }),
).map(([picked, changes]) => {
  const file = picked.map((i) => lines[i]!);
  for (const [at, change] of changes) file[at % file.length] = change(file[at % file.length]!);
  return `${file.join("\n")}\n`;
});

const records: InputProperty = inputProperty({
  title:
    "import takes what is valid, refuses the rest whole, and what it took can be shown and exported",
  runs: 60,
  inputs: fc.tuple(file, fc.boolean(), fc.boolean()),
}, async (world, [stdin, dropEnv, json]) => {
  const flags = [...dropEnv ? ["--drop-env"] : [], ...json ? ["--json"] : []];
  const { code } = await world.try(["import", ...flags, "-"], { stdin, json });
  if (code !== 0) return;
  const list = await world.try(["list", "--json"], { codes: [0], json: true });
  const exported = await world.try(["export"], { codes: [0] });
  const ids: string[] = JSON.parse(list.stdout).map(({ id }: { id: string }) => id);
  for (const id of ids) {
    await world.try(["show", id], { codes: [0], columns: 60 });
    await world.try(["explain", id], { codes: [0] });
  }
  await world.renew();
  const drop = { stdin: exported.stdout, codes: [0] };
  await world.try(["import", "--drop-env", "-"], drop);
  const again = await world.try(["export"], { codes: [0] });
  const left = (text: string) => text.replaceAll(/"env":\[[^\]]*\],?/g, "");
  if (left(again.stdout) !== left(exported.stdout)) {
    throw new Error(`exported ${exported.stdout}\nand then ${again.stdout}`);
  }
  await world.renew();
});

/** What is asked of files of records. */
export const RECORD_PROPERTIES: readonly InputProperty[] = [records];
