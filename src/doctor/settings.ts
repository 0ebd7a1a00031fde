/**
 * Settings that cannot be read, or that are allowed and still a trap.
 *
 * @module
 */

import { ALL_SETTINGS, type Config, resolveConfig, resolveSetting } from "../config.ts";
import { formatElapsed } from "../elapsed.ts";
import { StoreError } from "../errors.ts";
import { type Check, type Finding, problem, warning } from "../store/examination.ts";
import { usedOf } from "../worker/lease.ts";
import { queuectl, type Ward } from "./ward.ts";

/** So many jobs that are kept for ever are mentioned. */
const MANY_JOBS = 1_000_000;

/** Of a connection that is dead one learns within 10 s, and then there is to be time for another one. */
const SHORT_LEASE = 25_000;

/** A setting that is allowed and may do harm. */
interface Trap {
  readonly key: string;
  /** Why, if it may; where the store is shared there are more reasons. */
  why(config: Config, isShared: boolean): string | null;
}

const TRAPS: readonly Trap[] = [
  {
    key: "lease",
    why({ lease }, isShared) {
      if (isShared && lease < SHORT_LEASE) {
        const used = formatElapsed(usedOf(lease));
        return `workers end their jobs when the server does not answer for ${used}`;
      }
      return lease < 10_000
        ? "a healthy worker may be taken for a lost one while the machine is busy or asleep"
        : null;
    },
  },
  {
    key: "poll_interval",
    why: ({ pollInterval }) =>
      pollInterval > 60_000 ? "work that nobody rang for is found that late" : null,
  },
  {
    key: "backoff_base",
    why: ({ backoffBase, defaultMaxRetries }) =>
      backoffBase <= 1 && defaultMaxRetries > 20
        ? `a job that fails is run ${defaultMaxRetries + 1} times with hardly a pause`
        : null,
  },
  {
    key: "max_output",
    why: ({ maxOutput }) =>
      maxOutput > 256 * 1024 ** 2 ? "each attempt may put so much into the store" : null,
  },
  {
    key: "kill_grace",
    why: ({ killGrace }) =>
      killGrace > 3_600_000 ? "a job that ignores SIGTERM goes on for so long" : null,
  },
];

/** What was set. */
export async function settingsCheck(ward: Ward): Promise<Check> {
  const stored = await ward.store.settings();
  const unreadable = ALL_SETTINGS.flatMap((setting): Finding[] => {
    try {
      resolveSetting(setting, stored);
      return [];
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const mend = queuectl(ward, "config", "unset", setting.key);
      return [problem(error.message, `To go back to its default: ${mend}`)];
    }
  });
  const findings = unreadable.length > 0
    ? unreadable
    : [...traps(resolveConfig(stored), stored, ward), ...await kept(resolveConfig(stored), ward)];
  const count = stored.size === 0
    ? "all are the defaults"
    : `${stored.size} differ from the defaults`;
  return { name: "settings", text: `They can be read, and ${count}`, findings };
}

function traps(config: Config, stored: ReadonlyMap<string, string>, ward: Ward): Finding[] {
  return TRAPS.flatMap((trap) => {
    const why = trap.why(config, ward.store.isShared);
    if (why === null) return [];
    const mend = queuectl(ward, "config", "unset", trap.key);
    const text = `${trap.key} is ${stored.get(trap.key)}: ${why}`;
    return [warning(text, `To go back to its default: ${mend}`)];
  });
}

/** Jobs that nobody ever removes. */
async function kept(config: Config, ward: Ward): Promise<Finding[]> {
  const queues = await ward.store.queues();
  const rules = [
    ["completed", config.retentionCompleted],
    ["cancelled", config.retentionCancelled],
    ["dead", config.retentionDead],
  ] as const;
  return rules.flatMap(([state, keep]) => {
    const jobs = queues.reduce((sum, { counts }) => sum + counts[state], 0);
    if (keep !== null || jobs < MANY_JOBS) return [];
    const key = `retention_${state}`;
    return [warning(
      `${jobs} ${state} jobs are kept for ever, since ${key} says so`,
      `To keep them for a month: ${queuectl(ward, "config", "set", key, "30d")} && ${
        queuectl(ward, "prune", "--state", state, "--older-than", "30d")
      }`,
    )];
  });
}
