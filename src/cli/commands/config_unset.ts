/**
 * `queuectl config unset`
 *
 * @module
 */

import { findSetting } from "../../config.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { settingJson, whenItApplies } from "../setting.ts";

/** Goes back to a setting's default. */
export const command = defineCommand({
  flags: {},
  args: { key: arg.one("KEY", 'One of those that "config list" shows', "config-key") },
  examples: [["queuectl config unset backoff_base", "Use the default again"]],
  async run({ openStore, stdout, json }, { args }) {
    const setting = findSetting(args.key);
    await using store = await openStore({ create: false });
    const changed = await store.configure(setting.key, null);
    if (json) return stdout.json(settingJson(setting, new Map()));
    const value = setting.format(setting.default);
    await stdout.line(
      changed
        ? `${setting.key} is ${value} again, the default; ${whenItApplies(setting)}`
        : `${setting.key} was not set; it is ${value}, the default`,
    );
  },
});
