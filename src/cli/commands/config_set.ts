/**
 * `queuectl config set`
 *
 * @module
 */

import { findSetting, parseConfig } from "../../config.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import * as flag from "../flags.ts";
import { settingJson, whenItApplies } from "../setting.ts";

/** Changes a setting. */
export const command = defineCommand({
  description: [
    "Settings are kept in the store. A job takes them over when it is enqueued, so a change touches " +
    "later jobs only; a worker reads them when it starts.",
  ],
  usage: ["KEY VALUE [flags]", "KEY=VALUE [flags]"],
  flags: {
    key: flag.string({
      summary: "The key, instead of the first argument",
      placeholder: "KEY",
      complete: "config-key",
    }),
    value: flag.string({ summary: "The value, instead of the second argument" }),
  },
  args: {
    words: arg.any("KEY VALUE", 'A key that "config list" shows, and its new value', "config-key"),
  },
  examples: [
    [
      "queuectl config set backoff_base 3",
      "Wait 3, 9, 27 … seconds between the attempts of later jobs",
    ],
    ["queuectl config set default_max_retries 5", "Give later jobs five retries"],
    ["queuectl config set max_output 16MiB", "Keep more of the output of each attempt"],
  ],
  async run({ openStore, stdout, json }, { flags, args }) {
    const [name, text] = assignment(args.words, flags.key, flags.value);
    const { key, value } = parseConfig(name, text);
    const setting = findSetting(key);
    await using store = await openStore({ create: true });
    const changed = await store.configure(key, value);
    if (json) return stdout.json(settingJson(setting, new Map([[key, value]])));
    await stdout.line(
      changed ? `${key} is now ${value}; ${whenItApplies(setting)}` : `${key} was ${value} already`,
    );
  },
});

/** Key and value from `KEY VALUE`, `KEY=VALUE`, `--key KEY --value VALUE` or a mixture. */
function assignment(
  words: readonly string[],
  flagKey: string | undefined,
  flagValue: string | undefined,
): [name: string, text: string] {
  const given = [
    ...flagKey === undefined ? [] : [flagKey],
    ...words,
    ...flagValue === undefined ? [] : [flagValue],
  ];
  const [first = "", second, ...more] = given;
  const joined = /^([^=]+)=(.*)$/s.exec(first);
  if (joined !== null && second === undefined) return [joined[1]!, joined[2]!];
  if (given.length === 0) throw new CommandLineError("Missing KEY and VALUE");
  if (second === undefined) {
    throw new CommandLineError(`Missing the value for ${findSetting(first).key}`);
  }
  if (more.length > 0) {
    throw new CommandLineError(
      "config set takes one KEY and one VALUE; quote a value that has spaces",
    );
  }
  return [first, second];
}
