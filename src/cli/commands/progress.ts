/**
 * `queuectl progress`
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";

/** A message has so many characters at the most. */
const LONGEST_MESSAGE = 200;

/** Tells how far a job is. */
export const command = defineCommand({
  description: [
    "For commands that run as a job: list, show and explain tell it, until the attempt is followed by " +
    "another one. It knows its job by QUEUECTL_JOB_ID, QUEUECTL_ATTEMPT_TOKEN and QUEUECTL_DB.",
  ],
  flags: {},
  args: {
    percent: arg.one("PERCENT", "How much is done, 0 to 100"),
    message: arg.optional("MESSAGE", `What goes on, at most ${LONGEST_MESSAGE} characters`),
  },
  examples: [
    ['queuectl progress 40 "encoding"', "In a script that runs as a job"],
    ["queuectl progress 40%", "Without a message"],
  ],
  exitCodes: [["4", "The attempt does not run any more"]],
  async run({ env, openStore }, { args }) {
    const progress = { percent: readPercent(args.percent), message: readMessage(args.message) };
    const jobId = env("QUEUECTL_JOB_ID");
    const token = env("QUEUECTL_ATTEMPT_TOKEN");
    if (!jobId || !token) {
      throw new UsageError("This is not a job: progress is for commands that a worker runs");
    }
    await using store = await openStore({ create: false });
    await store.reportProgress({ jobId, token }, progress);
  },
});

function readPercent(text: string): number {
  const [, digits] = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*%?\s*$/.exec(text) ?? [];
  const percent = Number(digits ?? NaN);
  if (percent >= 0 && percent <= 100) return percent;
  throw new CommandLineError(`PERCENT must be a number from 0 to 100, not ${quote(text)}`);
}

function readMessage(text = ""): string | null {
  if ([...text].length > LONGEST_MESSAGE) {
    throw new CommandLineError(`MESSAGE is longer than ${LONGEST_MESSAGE} characters`);
  }
  return text === "" ? null : text;
}
