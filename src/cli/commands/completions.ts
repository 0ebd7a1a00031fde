/**
 * `queuectl completions`
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { type Shell, SHELLS } from "../completion/answer.ts";

/** The argument that names a shell. */
export const SHELL_ARG: arg.Arg<Shell> = {
  ...arg.one("bash|zsh|fish", "The shell", SHELLS),
  read: ([word]) => {
    const found = SHELLS.find((shell) => shell === word);
    if (found !== undefined) return found;
    throw new UsageError(`Unknown shell ${quote(word!)}: it must be one of ${SHELLS.join(", ")}`);
  },
};

/** Prints the script by which a shell completes. */
export const command = defineCommand({
  description: [
    "It completes commands, flags and their values, and what is in the store that the line names: ids " +
    "of the jobs that fit the command, queues, schedules, workers, tags. The store is only read.",
    'bash: put eval "$(queuectl completions bash)" into ~/.bashrc.',
    'zsh: put eval "$(queuectl completions zsh)" into ~/.zshrc, after compinit; or save the script as ' +
    "_queuectl in a directory of your fpath.",
    "fish: save the script as ~/.config/fish/completions/queuectl.fish.",
  ],
  flags: {},
  args: { shell: SHELL_ARG },
  examples: [
    [
      "queuectl completions zsh > ~/.zsh/completions/_queuectl",
      "Complete in every zsh that has this directory in its fpath",
    ],
    [
      "queuectl completions fish > ~/.config/fish/completions/queuectl.fish",
      "Complete in every fish from now on",
    ],
  ],
  async run({ stdout, json }, { args: { shell } }) {
    const { SCRIPTS } = await import("../completion/scripts.ts");
    const script = SCRIPTS[shell];
    await (json ? stdout.json({ shell, script }) : stdout.write(script));
  },
});
