/**
 * `queuectl queue set`
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import { parseRate } from "../../job/rate.ts";
import { integerIn, type Reader } from "../../readers.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import * as flag from "../flags.ts";
import { readQueue } from "../job_flags.ts";
import { queueToJson } from "../../json/queue_json.ts";
import { describeSettings } from "../queue_view.ts";

/** Limits a queue. */
export const command = defineCommand({
  description: [
    "Limits hold over all workers together, whatever becomes of one. What runs already is not ended. " +
    "The queue need not be there yet.",
  ],
  flags: {
    limit: flag.value(orNone(readLimit), {
      summary: "At most so many of its jobs run at once; or none",
      placeholder: "N",
    }),
    rate: flag.value(orNone(parseRate), {
      summary:
        "So many of its jobs begin in any time of this length, such as 5/s or 10/1m; or none",
      placeholder: "N/DURATION",
    }),
  },
  args: { queue: arg.one("QUEUE", "The name of a queue", "queue") },
  examples: [
    ["queuectl queue set media --limit 2", "Never more than two at once"],
    ["queuectl queue set mail --rate 100/h", "Be gentle to the server"],
    ["queuectl queue set mail --limit none --rate none", "Take the limits away"],
  ],
  async run({ openStore, json, stdout }, { args, flags: { limit, rate } }) {
    const queue = nameOf(args.queue);
    if (limit === undefined && rate === undefined) {
      throw new CommandLineError("Say what to set: give --limit or --rate");
    }
    if (limit === 0) {
      throw new UsageError(
        `--limit must be 1 or more, or none; to stop a queue: queuectl queue pause ${queue}`,
      );
    }
    await using store = await openStore({ create: true });
    const info = await store.configureQueue(queue, {
      ...(limit === undefined ? {} : { limit }),
      ...(rate === undefined ? {} : { rate }),
    }, { create: true });
    if (json) return await stdout.json(queueToJson(info));
    await stdout.line(`Queue ${queue}: ${describeSettings(info) || "no limits"}`);
  },
});

function nameOf(text: string): string {
  try {
    return readQueue(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`The name of a queue ${error.message}`);
  }
}

/** Also `none`, which is null. */
function orNone<T>(reader: Reader<T>): Reader<T | null> {
  return (text) => text.toLowerCase() === "none" ? null : reader(text);
}

/** Zero is read, to be refused with advice. */
function readLimit(text: string): number {
  return integerIn({ min: 0, max: 1_000_000 })(text);
}
