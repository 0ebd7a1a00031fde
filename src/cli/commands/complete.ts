/**
 * `queuectl __complete`: what the scripts of `completions` call.
 *
 * @module
 */

import { APP } from "../app.ts";
import { defineCommand } from "../command.ts";
import { readQuestion } from "../completion/answer.ts";
import { complete } from "../completion/complete.ts";
import { liveSource } from "../completion/live.ts";
import { SHELL_ARG } from "./completions.ts";

/** Prints what may stand at the cursor. */
export const command = defineCommand({
  description: [
    "The words are those of a command line up to the cursor, without its first; the last one is " +
    "completed. From bash they are the line itself and COMP_WORDBREAKS.",
  ],
  flags: {},
  args: { shell: SHELL_ARG },
  rest: "WORD…",
  examples: [["queuectl __complete fish -- dlq retry ''", "The ids of dead jobs"]],
  async run(context, { args, rest }) {
    const { stdout, json } = context;
    const question = readQuestion(args.shell, rest ?? []);
    const completion = await complete(APP, question.words, liveSource(context));
    if (json) await stdout.json(completion);
    else await stdout.line(question.answer(completion).join("\n"));
  },
});
