/**
 * The settings of a store: their keys, defaults and ranges. Help, documentation and messages take them
 * from here.
 *
 * A setting is kept as text in its canonical form, under its canonical key.
 *
 * @module
 */

import { duration, integer, type Kind, number, or, size } from "./config_kinds.ts";
import { StoreError, UsageError } from "./errors.ts";
import { parseDuration } from "./job/duration.ts";
import { didYouMean } from "./nearest.ts";
import { quote } from "./quote.ts";
import { parseSize } from "./size.ts";

/** The settings, in the domain's units. */
export interface Config {
  /** Retries of a job that says nothing about it. */
  readonly defaultMaxRetries: number;
  /** The n-th retry waits for the n-th power of it, in seconds. */
  readonly backoffBase: number;
  /** The longest wait before a retry, in milliseconds. */
  readonly backoffMax: number;
  /** The part of the wait that is added or removed at random, 0 to 1. */
  readonly backoffJitter: number;
  /** The timeout of a job that says nothing about it, in milliseconds; null is none. */
  readonly defaultTimeout: number | null;
  /** From SIGTERM to SIGKILL, in milliseconds. */
  readonly killGrace: number;
  /** A worker is lost when its heartbeat has stood still for so many milliseconds. */
  readonly lease: number;
  /** A worker looks for work at least every so many milliseconds. */
  readonly pollInterval: number;
  /** Slots of a worker that is started without `--count`. */
  readonly workerCount: number;
  /** How long a worker that was asked to stop lets jobs run, in milliseconds; null for ever. */
  readonly shutdownGrace: number | null;
  /** How much of the output of an attempt is kept, in bytes. */
  readonly maxOutput: number;
  /** How long jobs are kept after their end, in milliseconds; null for ever. */
  readonly retentionCompleted: number | null;
  readonly retentionCancelled: number | null;
  readonly retentionDead: number | null;
}

/** One setting. */
export interface Setting<T = unknown> extends Kind<T> {
  /** Canonical, snake_case. */
  readonly key: string;
  readonly default: T;
  /** One line, sentence case, no full stop. */
  readonly summary: string;
  /** Who takes it over: a job when it is enqueued, or a worker when it starts. */
  readonly readBy: "job" | "worker";
  /** Other keys that are understood. */
  readonly aliases: readonly string[];
}

/** Makes the settings: `Config` names each of them, and a setting of another type does not compile. */
type Settings = { readonly [Name in keyof Config]: Setting<Config[Name]> };

/** Every setting, by its name in {@linkcode Config}. */
export const SETTINGS: Settings = {
  defaultMaxRetries: {
    key: "default_max_retries",
    default: 3,
    summary: "Retries of a job that fails; 3 means at most 4 attempts",
    readBy: "job",
    aliases: ["max_retries"],
    ...integer(0, 1000),
  },
  backoffBase: {
    key: "backoff_base",
    default: 2,
    summary: "The n-th retry waits for the n-th power of it, in seconds",
    readBy: "job",
    aliases: ["back_off_base", "base_backoff", "exp_backoff_base", "backoff_multiplier"],
    ...number(0, 1000),
  },
  backoffMax: {
    key: "backoff_max",
    default: parseDuration("1d"),
    summary: "The longest wait before a retry",
    readBy: "job",
    aliases: ["max_delay_seconds"],
    ...duration(),
  },
  backoffJitter: {
    key: "backoff_jitter",
    default: 0,
    summary: "The part of the wait that is added or removed at random",
    readBy: "job",
    aliases: [],
    ...number(0, 1),
  },
  defaultTimeout: {
    key: "default_timeout",
    default: null,
    summary: "How long an attempt of a job may take",
    readBy: "job",
    aliases: ["timeout", "job_timeout"],
    ...or("none", duration("1ms")),
  },
  killGrace: {
    key: "kill_grace",
    default: parseDuration("5s"),
    summary: "How long a job has between SIGTERM and SIGKILL",
    readBy: "worker",
    aliases: [],
    ...duration(),
  },
  lease: {
    key: "lease",
    default: parseDuration("30s"),
    summary: "A worker whose heartbeat stands still for so long is lost",
    readBy: "worker",
    aliases: [],
    ...duration("5s"),
  },
  pollInterval: {
    key: "poll_interval",
    default: parseDuration("1s"),
    summary: "How often, at least, a worker looks for work that nobody told it about",
    readBy: "worker",
    aliases: [],
    ...duration("50ms"),
  },
  workerCount: {
    key: "worker_count",
    default: 1,
    summary: "Jobs that a worker runs at once, without --count",
    readBy: "worker",
    aliases: [],
    ...integer(1, 1024),
  },
  shutdownGrace: {
    key: "shutdown_grace",
    default: null,
    summary: "How long a worker that stops lets its jobs run",
    readBy: "worker",
    aliases: [],
    ...or("none", duration()),
  },
  maxOutput: {
    key: "max_output",
    default: parseSize("1MiB"),
    summary: "How much output of an attempt is kept: the first and the last half",
    readBy: "worker",
    aliases: [],
    ...size("1GiB"),
  },
  retentionCompleted: {
    key: "retention_completed",
    default: parseDuration("7d"),
    summary: "How long a job is kept after it completed",
    readBy: "worker",
    aliases: [],
    ...or("forever", duration()),
  },
  retentionCancelled: {
    key: "retention_cancelled",
    default: parseDuration("7d"),
    summary: "How long a job is kept after it was cancelled",
    readBy: "worker",
    aliases: [],
    ...or("forever", duration()),
  },
  retentionDead: {
    key: "retention_dead",
    default: null,
    summary: "How long a job is kept in the dead letter queue",
    readBy: "worker",
    aliases: [],
    ...or("forever", duration()),
  },
};

/** The same in their order, of whatever type. */
export const ALL_SETTINGS: readonly Setting[] = Object.values(SETTINGS);

/** Every canonical key. */
export const CONFIG_KEYS: readonly string[] = ALL_SETTINGS.map(({ key }) => key);

/**
 * Finds a setting. Upper and lower case, `-` and `_` are the same.
 *
 * @throws {UsageError} if there is none of that name; it lists the keys
 */
export function findSetting(name: string): Setting {
  const wanted = name.toLowerCase().replaceAll("-", "_");
  const found = ALL_SETTINGS.find(({ key, aliases }) => key === wanted || aliases.includes(wanted));
  if (found !== undefined) return found;
  throw new UsageError(
    `Unknown config key ${quote(name)}${didYouMean(name, CONFIG_KEYS) || "."} The keys are ` +
      CONFIG_KEYS.join(", "),
  );
}

/**
 * Reads a value that a user gives a setting.
 *
 * @returns the canonical key, and the text to store
 * @throws {UsageError} if there is no such key, or the value is not one that it may have
 */
export function parseConfig(name: string, text: string): { key: string; value: string } {
  const setting = findSetting(name);
  try {
    return { key: setting.key, value: setting.format(setting.parse(text.trim())) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${setting.key} ${error.message}`);
  }
}

/**
 * The settings that hold: what was set, else the defaults.
 *
 * @param stored the text of those that were set, by canonical key; keys of other versions are left out
 * @throws {StoreError} if a stored text cannot be read
 */
export function resolveConfig(stored: ReadonlyMap<string, string>): Config {
  const settings: readonly (readonly [string, Setting])[] = Object.entries(SETTINGS);
  return Object.fromEntries(
    settings.map(([name, setting]) => [name, resolveSetting(setting, stored)]),
  ) as unknown as Config;
}

/** The value of one setting; see {@linkcode resolveConfig}. */
export function resolveSetting<T>(setting: Setting<T>, stored: ReadonlyMap<string, string>): T {
  const text = stored.get(setting.key);
  if (text === undefined) return setting.default;
  try {
    return setting.parse(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new StoreError(
      `The stored ${setting.key} ${error.message}: set it anew with queuectl config set`,
    );
  }
}
