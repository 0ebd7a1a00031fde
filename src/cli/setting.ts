/**
 * A setting as the config commands show it.
 *
 * @module
 */

import { resolveSetting, type Setting } from "../config.ts";

/** A setting in JSON: durations are seconds, sizes bytes, null has no end. */
export interface SettingJson {
  readonly key: string;
  readonly value: number | null;
  readonly default: number | null;
  /** Whether it was set, be it to the default. */
  readonly set: boolean;
}

/** A setting in JSON. */
export function settingJson(setting: Setting, stored: ReadonlyMap<string, string>): SettingJson {
  return {
    key: setting.key,
    value: setting.json(resolveSetting(setting, stored)),
    default: setting.json(setting.default),
    set: stored.has(setting.key),
  };
}

/** The value of a setting, as `config set` takes it. */
export function settingText(setting: Setting, stored: ReadonlyMap<string, string>): string {
  return setting.format(resolveSetting(setting, stored));
}

/** From when on a change of the setting counts. */
export function whenItApplies({ readBy }: Setting): string {
  return readBy === "job"
    ? "it applies to jobs enqueued from now on"
    : "it applies to workers started from now on";
}
