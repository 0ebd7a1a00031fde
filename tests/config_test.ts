import { deepStrictEqual, match, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  ALL_SETTINGS,
  type Config,
  CONFIG_KEYS,
  findSetting,
  parseConfig,
  resolveConfig,
} from "../src/config.ts";
import { StoreError, UsageError } from "../src/errors.ts";

const DEFAULTS: Config = {
  defaultMaxRetries: 3,
  backoffBase: 2,
  backoffMax: 86_400_000,
  backoffJitter: 0,
  defaultTimeout: null,
  killGrace: 5000,
  lease: 30_000,
  pollInterval: 1000,
  workerCount: 1,
  shutdownGrace: null,
  maxOutput: 1_048_576,
  retentionCompleted: 604_800_000,
  retentionCancelled: 604_800_000,
  retentionDead: null,
};

Deno.test("resolveConfig() of nothing is the defaults", () => {
  deepStrictEqual(resolveConfig(new Map()), DEFAULTS);
});

Deno.test("resolveConfig() takes what was set, and leaves out what it does not know", () => {
  const stored = new Map([["backoff_base", "3"], ["shutdown_grace", "10m"], ["later", "x"]]);
  deepStrictEqual(resolveConfig(stored), {
    ...DEFAULTS,
    backoffBase: 3,
    shutdownGrace: 600_000,
  });
});

Deno.test("resolveConfig() refuses a stored text that it cannot read", () => {
  throws(
    () => resolveConfig(new Map([["lease", "soon"]])),
    (error) => error instanceof StoreError && /The stored lease must be/.test(error.message),
  );
});

Deno.test("findSetting() knows every key and alias in any case, with - or _", () => {
  for (const setting of ALL_SETTINGS) {
    for (const name of [setting.key, ...setting.aliases]) {
      strictEqual(findSetting(name), setting);
      strictEqual(findSetting(name.toUpperCase().replaceAll("_", "-")), setting);
    }
  }
  strictEqual(findSetting("max-retries").key, "default_max_retries");
  strictEqual(findSetting("back-off-base").key, "backoff_base");
  strictEqual(findSetting("max_delay_seconds").key, "backoff_max");
});

Deno.test("findSetting() refuses another key, names the nearest and lists all", () => {
  for (const name of ["leas", "", "constructor", "__proto__", "x".repeat(1000)]) {
    throws(() => findSetting(name), (error) => {
      if (!(error instanceof UsageError)) return false;
      for (const key of CONFIG_KEYS) match(error.message, new RegExp(`\\b${key}\\b`));
      return true;
    });
  }
  throws(
    () => findSetting("leas"),
    /^UsageError: Unknown config key "leas", did you mean "lease"\? The keys are/,
  );
});

Deno.test("no key or alias has two meanings", () => {
  const names = ALL_SETTINGS.flatMap(({ key, aliases }) => [key, ...aliases]);
  strictEqual(new Set(names).size, names.length);
});

Deno.test("parseConfig() makes the text canonical", () => {
  const expected: [name: string, text: string, value: string][] = [
    ["default_max_retries", " 0005 ", "5"],
    ["backoff_base", "3.0", "3"],
    ["backoff_base", "+.5", "0.5"],
    ["backoff_max", "90", "1m30s"],
    ["shutdown_grace", "3600", "1h"],
    ["shutdown_grace", "None", "none"],
    ["shutdown_grace", "forever", "none"],
    ["kill_grace", "0", "0s"],
    ["max_output", "16777216", "16MiB"],
    ["max_output", "1 MiB", "1MiB"],
    ["lease", "5000ms", "5s"],
    ["poll_interval", "0.05", "50ms"],
    ["default_timeout", "90", "1m30s"],
    ["default_timeout", "NONE", "none"],
    ["default_timeout", "1ms", "1ms"],
    ["retention_completed", "48h", "2d"],
    ["retention_cancelled", "0", "0s"],
    ["retention_dead", "none", "forever"],
  ];
  for (const [name, text, value] of expected) {
    deepStrictEqual(parseConfig(name, text), { key: name, value });
  }
});

Deno.test("parseConfig() refuses values out of range, and says the range", () => {
  const bad: Record<string, string[]> = {
    default_max_retries: ["-1", "1001", "1.5", "", "many", "none"],
    backoff_base: ["-0.1", "1001", "NaN", "Infinity", "2s"],
    backoff_max: ["-1", "none", "1w"],
    backoff_jitter: ["-0.1", "1.1"],
    default_timeout: ["0", "-1", "soon", ""],
    kill_grace: ["-1s", "none"],
    lease: ["4999ms", "0", "none"],
    poll_interval: ["49ms", "0"],
    worker_count: ["0", "1025", "1.5"],
    shutdown_grace: ["-1"],
    max_output: ["-1", "1.5", "2GiB"],
    retention_completed: ["-1", "1w"],
    retention_cancelled: ["always"],
    retention_dead: ["never", ""],
  };
  deepStrictEqual(Object.keys(bad), CONFIG_KEYS);
  for (const [key, texts] of Object.entries(bad)) {
    for (const text of texts) {
      throws(() => parseConfig(key, text), (error) => {
        if (!(error instanceof UsageError)) throw error;
        strictEqual(
          error.message,
          `${key} must be ${findSetting(key).range}, not ${JSON.stringify(text)}`,
        );
        return true;
      });
    }
  }
});

Deno.test("a canonical text is its own canonical text", () => {
  const setting = fc.constantFrom(...ALL_SETTINGS);
  const text = fc.oneof(
    fc.nat().map(String),
    fc.double({ min: 0, max: 1000, noNaN: true }).map(String),
    fc.tuple(fc.nat(9999), fc.constantFrom("ms", "s", "m", "h", "d", "KiB", "MiB")).map((parts) =>
      parts.join("")
    ),
    fc.string(),
  );
  fc.assert(fc.property(setting, text, ({ key }, text) => {
    try {
      const { value } = parseConfig(key, text);
      strictEqual(parseConfig(key, value).value, value);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
    }
  }));
  for (const { key, format, default: value } of ALL_SETTINGS) {
    strictEqual(parseConfig(key, format(value)).value, format(value));
  }
});
