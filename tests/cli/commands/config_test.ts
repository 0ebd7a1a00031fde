import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { CONFIG_KEYS } from "../../../src/config.ts";
import { fakeSettings, runFake } from "../fake_system.ts";

/** Runs `queuectl config ARGS` on a store that holds these settings. */
async function config(args: string[], stored: Record<string, string> = {}) {
  const settings = new Map(Object.entries(stored));
  const ended = await runFake(["config", ...args], { store: fakeSettings(settings) });
  return { ...ended, settings: Object.fromEntries(settings) };
}

Deno.test("config list shows every key with its value and default", async () => {
  const { code, stdout } = await config([], { backoff_base: "3" });
  strictEqual(code, 0);
  deepStrictEqual(stdout.trimEnd().split("\n").slice(1).map((line) => line.split(" ")[0]), [
    ...CONFIG_KEYS,
  ]);
  match(stdout, /^backoff_base +3 +2 +/m);
  match(stdout, /^shutdown_grace +none +none +/m);
  for (const args of [["list"], ["show"], ["ls"]]) {
    strictEqual((await config(args, { backoff_base: "3" })).stdout, stdout);
  }
});

Deno.test("config list --json is one array, durations in seconds", async () => {
  const { stdout } = await config(["--json"], { lease: "1m30s", shutdown_grace: "none" });
  const all: { key: string }[] = JSON.parse(stdout);
  deepStrictEqual(all.map(({ key }) => key), CONFIG_KEYS);
  const find = (wanted: string) => all.find(({ key }) => key === wanted);
  deepStrictEqual(find("lease"), { key: "lease", value: 90, default: 30, set: true });
  deepStrictEqual(find("shutdown_grace"), {
    key: "shutdown_grace",
    value: null,
    default: null,
    set: true,
  });
  deepStrictEqual(find("max_output"), {
    key: "max_output",
    value: 1_048_576,
    default: 1_048_576,
    set: false,
  });
});

Deno.test("config get prints the value and nothing else", async () => {
  strictEqual((await config(["get", "max-retries"], { default_max_retries: "1" })).stdout, "1\n");
  strictEqual((await config(["get", "LEASE"])).stdout, "30s\n");
  deepStrictEqual(JSON.parse((await config(["get", "lease", "--json"])).stdout), {
    key: "lease",
    value: 30,
    default: 30,
    set: false,
  });
});

Deno.test("config set takes its key and value in each of its forms", async () => {
  for (
    const args of [
      ["backoff_base", "3"],
      ["back-off-base", "3"],
      ["backoff_base=3"],
      ["--key", "backoff_base", "--value", "3"],
      ["backoff_base", "--value=3"],
      ["--key=BACKOFF_BASE", "3.0"],
      ["--", "backoff_base", "3"],
    ]
  ) {
    const { code, stdout, settings } = await config(["set", ...args]);
    deepStrictEqual([code, settings], [0, { backoff_base: "3" }], args.join(" "));
    strictEqual(stdout, "backoff_base is now 3; it applies to jobs enqueued from now on\n");
  }
});

Deno.test("config set says from when a change counts", async () => {
  const worker = await config(["set", "worker_count", "4"]);
  strictEqual(worker.stdout, "worker_count is now 4; it applies to workers started from now on\n");
  const same = await config(["set", "lease", "90"], { lease: "1m30s" });
  strictEqual(same.stdout, "lease was 1m30s already\n");
  const json = await config(["set", "lease", "90", "--json"]);
  deepStrictEqual(JSON.parse(json.stdout), { key: "lease", value: 90, default: 30, set: true });
});

Deno.test("config set refuses what is not one key and one value, and opens no store", async () => {
  const expected: [args: string[], message: RegExp][] = [
    [[], /^queuectl: Missing KEY and VALUE\nSee "queuectl config set --help"\n$/],
    [["lease"], /^queuectl: Missing the value for lease\nSee /],
    [["lease", "1", "2"], /^queuectl: config set takes one KEY and one VALUE/],
    [["lease", "1", "--value", "2"], /^queuectl: config set takes one KEY and one VALUE/],
    [
      ["leese", "1"],
      /^queuectl: Unknown config key "leese", did you mean "lease"\? The keys are /,
    ],
    [["lease", "1"], /^queuectl: lease must be a duration of at least 5s, not "1"\n$/],
    [["lease", ""], /^queuectl: lease must be .*, not ""\n$/],
    [
      ["backoff_base", "-1"],
      /^queuectl: backoff_base must be a number from 0 to 1000, not "-1"\n$/,
    ],
  ];
  for (const [args, message] of expected) {
    const { code, stdout, stderr, opened, settings } = await config(["set", ...args]);
    deepStrictEqual([code, stdout, opened, settings], [2, "", [], {}], args.join(" "));
    match(stderr, message);
  }
});

Deno.test("config unset goes back to the default", async () => {
  const { stdout, settings } = await config(["unset", "max_delay_seconds"], { backoff_max: "1m" });
  deepStrictEqual(settings, {});
  strictEqual(
    stdout,
    "backoff_max is 1d again, the default; it applies to jobs enqueued from now on\n",
  );
  strictEqual(
    (await config(["unset", "lease"])).stdout,
    "lease was not set; it is 30s, the default\n",
  );
  deepStrictEqual(JSON.parse((await config(["unset", "lease", "--json"])).stdout), {
    key: "lease",
    value: 30,
    default: 30,
    set: false,
  });
});

Deno.test("only config set creates a store", async () => {
  const creates = async (args: string[]) => (await config(args)).opened.map(({ create }) => create);
  deepStrictEqual(await creates(["set", "lease", "1m"]), [true]);
  for (const args of [["list"], ["get", "lease"], ["unset", "lease"]]) {
    deepStrictEqual(await creates(args), [false]);
  }
});
