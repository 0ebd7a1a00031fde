/**
 * `queuectl config list`
 *
 * @module
 */

import { ALL_SETTINGS } from "../../config.ts";
import { defineCommand } from "../command.ts";
import { settingJson, settingText } from "../setting.ts";
import { renderTable } from "../table.ts";

/** Lists all settings. */
export const command = defineCommand({
  flags: {},
  args: {},
  examples: [["queuectl config list", "Show what holds, and what was changed"]],
  async run({ openStore, stdout, json }) {
    await using store = await openStore({ create: false });
    const stored = await store.settings();
    if (json) return stdout.json(ALL_SETTINGS.map((setting) => settingJson(setting, stored)));
    const rows = ALL_SETTINGS.map((setting) => [
      setting.key,
      settingText(setting, stored),
      setting.format(setting.default),
      setting.summary,
    ]);
    const columns = ["KEY", "VALUE", "DEFAULT"].map((title) => ({ title }));
    await stdout.write(
      await renderTable([...columns, { title: "MEANING", flexible: true }], rows, stdout),
    );
  },
});
