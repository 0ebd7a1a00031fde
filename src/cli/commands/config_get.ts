/**
 * `queuectl config get`
 *
 * @module
 */

import { findSetting } from "../../config.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { settingJson, settingText } from "../setting.ts";

/** Prints one setting. */
export const command = defineCommand({
  flags: {},
  args: {
    key: arg.one(
      "KEY",
      'One of those that "config list" shows; case, "-" and "_" do not matter',
      "config-key",
    ),
  },
  examples: [["queuectl config get backoff_base", "Print the value and nothing else"]],
  async run({ openStore, stdout, json }, { args }) {
    const setting = findSetting(args.key);
    await using store = await openStore({ create: false });
    const stored = await store.settings();
    if (json) return stdout.json(settingJson(setting, stored));
    await stdout.line(settingText(setting, stored));
  },
});
