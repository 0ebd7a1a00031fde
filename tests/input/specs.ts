/**
 * Jobs as users write them, right and wrong, and how a job that was written right is printed.
 *
 * @module
 */

import fc from "fast-check";
import { START } from "../cli/queue.ts";
import { commandText, LONE, near, text } from "./texts.ts";

/** A job that must be accepted, and what `show --json` must say of it. */
export interface RightJob {
  readonly written: Readonly<Record<string, unknown>>;
  readonly printed: Readonly<Record<string, unknown>>;
}

type Pair = readonly [written: unknown, printed: unknown];

const same = (...values: readonly unknown[]): Pair[] => values.map((value) => [value, value]);
const pairs = (...values: readonly Pair[]) => fc.constantFrom(...values);

const after = (milliseconds: number) => new Date(START + milliseconds).toISOString();

/** What a key may hold, how it is printed, and under which key. */
const RIGHT: Readonly<Record<string, { pairs: fc.Arbitrary<Pair>; key?: string }>> = {
  queue: { pairs: pairs(...same("default", "a", "Mail.x_y-9", "constructor", "q".repeat(64))) },
  priority: {
    pairs: pairs(...same(0, -1000, 1000, 7), ["low", -10], ["high", 10], ["normal", 0], [-0, 0], [
      1e2,
      100,
    ]),
  },
  max_retries: { pairs: pairs(...same(0, 3, 1000)) },
  backoff_base: { pairs: pairs(...same(0, 1.5, 1000, 1e-7)) },
  backoff_max: {
    pairs: pairs([0, 0], ["1d", 86_400], ["250ms", 0.25], [36_525 * 86_400, 36_525 * 86_400]),
  },
  backoff_jitter: { pairs: pairs(...same(0, 0.5, 1)) },
  timeout: {
    pairs: pairs([90, 90], ["1h30m", 5400], ["none", null], [1e-9, 0.001], [" 2d ", 172_800], [
      ".5",
      0.5,
    ]),
  },
  delay: {
    key: "run_at",
    pairs: pairs(["10m", after(600_000)], [1, after(1000)], ["1.5s", after(1500)]),
  },
  run_at: {
    pairs: pairs(
      ["2030-01-31T18:00:00Z", "2030-01-31T18:00:00.000Z"],
      ["2030-01-31 18:00+01:30", "2030-01-31T16:30:00.000Z"],
      ["2028-02-29t23:59:59.9999z", "2028-02-29T23:59:59.999Z"],
      ["9999-12-31T23:59:59.999-00:00", "9999-12-31T23:59:59.999Z"],
    ),
  },
  env: {
    pairs: fc.constantFrom<Pair>([{}, null], [{ A: "" }, ["A"]], [
      { toString: "1", _x: "\u202e\n" },
      [
        "toString",
        "_x",
      ],
    ]),
  },
  stdin: { key: "", pairs: text.map((text): Pair => [text, undefined]) },
  fatal_exit_codes: { pairs: pairs([[], null], [[64, 2, 64], [2, 64]], [[1, 255], [1, 255]]) },
  cwd: {
    pairs: fc.oneof(
      pairs(["/", "/"], ["/a//b/../c/.", "/a/c"], ["/../..", "/"]),
      commandText.map((text) => `/${text.replaceAll(/[./]/g, "_")}`).map((
        path,
      ): Pair => [path, path]),
    ),
  },
  tags: {
    pairs: fc.oneof(
      pairs([["b", "a", "b"], ["b", "a"]]),
      fc.array(
        fc.constantFrom(
          "a",
          "%",
          "_",
          "*",
          "..",
          "'",
          "日本",
          "\u202e",
          "\x1b[31m",
          "👩‍👧",
          "a=b",
          "__proto__",
        ),
        { maxLength: 4 },
      ).map((tags): Pair => [tags, [...new Set(tags)]]),
    ),
  },
};

/** Another spelling of the same key. */
const SPELLINGS: readonly ((key: string) => string)[] = [
  (key) => key,
  (key) => key.replaceAll("_", "-"),
  (key) => key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  (key) => key.toUpperCase(),
];

/** A job that is written right; without an id. */
export const rightJob: fc.Arbitrary<RightJob> = fc.tuple(
  commandText,
  fc.uniqueArray(fc.constantFrom(...Object.keys(RIGHT)), { maxLength: 5 }),
  fc.constantFrom(...SPELLINGS),
).chain(([command, keys, spell]) => {
  const once = keys.includes("delay") ? keys.filter((key) => key !== "run_at") : keys;
  return fc.tuple(...once.map((key) => RIGHT[key]!.pairs)).map((values): RightJob => ({
    written: Object.fromEntries([
      ["command", command],
      ...once.map((key, i) => [spell(key), values[i]![0]]),
    ]),
    printed: Object.fromEntries([
      ["command", command],
      ...once.map((key, i) => [RIGHT[key]!.key ?? key, values[i]![1]]).filter(([key]) =>
        key !== ""
      ),
    ]),
  }));
});

/** Every key there is, those that cannot be chosen, and those that objects have anyway. */
const keys = fc.oneof(
  fc.constantFrom("command", "id", "unique_key", "after", ...Object.keys(RIGHT)),
  fc.constantFrom(
    "state",
    "attempts",
    "attempt_log",
    "created_at",
    "schedule",
    "progress",
    "error",
    "cmd",
  ),
  fc.constantFrom(
    "__proto__",
    "constructor",
    "toString",
    "prototype",
    "valueOf",
    "",
    "\u0130d",
    "timeout_seconds",
  ),
  text,
);

/** Values that fit nowhere, or only somewhere else. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -0,
    -1,
    1.5,
    1e21,
    2 ** 53,
    2 ** 31,
    1001,
    256,
    "",
    " ",
    "0",
    "-1s",
  ),
  fc.constantFrom<unknown>([], {}, [[]], [{}], [null], { id: 1 }, [{ id: "a", on: "any", x: 1 }], {
    a: { b: [] },
  }),
  fc.constantFrom<unknown>(
    "pending",
    "dead",
    "none",
    "2030-02-30T00:00Z",
    "2030-01-01T24:00Z",
    "1h1h",
    "1e3",
    "0x1",
  ),
  fc.constantFrom<unknown>(...LONE, [...LONE], { A: LONE[0] }, { "": "x" }, { "A B": "x" }, {
    QUEUECTL_DB: "x",
  }),
  fc.constantFrom<unknown>(
    "x".repeat(100_000),
    ["t".repeat(129)],
    Array.from({ length: 101 }, (_, i) => `t${i}`),
    Array.from({ length: 1001 }, (_, i) => `j${i}`),
  ),
  text,
  fc.array(text, { maxLength: 3 }),
  fc.dictionary(text, text, { maxKeys: 3 }),
  near("10m", "1h30m", "250ms", "90", "2030-01-31T18:00:00Z", "job1"),
  fc.jsonValue({ maxDepth: 3 }),
);

/** A job in which something is most likely wrong. */
export const oddJob: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(
      rightJob,
      fc.array(fc.tuple(keys, oddValue), { minLength: 1, maxLength: 2 }),
    )
      .map(([{ written }, changes]) => {
        // Not by a spread: `__proto__` is to be a key as others are.
        const entries = new Map(Object.entries(written));
        for (const [key, value] of changes) entries.set(key, value);
        return Object.fromEntries(entries);
      }),
  },
  { weight: 1, arbitrary: oddValue },
  { weight: 1, arbitrary: text },
);
