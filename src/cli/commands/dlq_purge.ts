/**
 * `queuectl dlq purge`
 *
 * @module
 */

import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { CommandLineError } from "../command_line_error.ts";
import { actOnEach, EACH_EXIT_CODES } from "../each_id.ts";
import * as flag from "../flags.ts";
import { jobsIn } from "../hint.ts";
import { countOf } from "../../numbers.ts";

/** Deletes dead jobs. */
export const command = defineCommand({
  description: ["A purged job is gone for good, with its attempts and its output."],
  usage: ["ID… [flags]", "--all [flags]", "--older-than DURATION [flags]"],
  flags: {
    all: flag.boolean({ summary: "All dead jobs" }),
    olderThan: flag.duration({ summary: "Dead jobs that ended longer ago than this" }),
  },
  args: { ids: arg.any("ID", "A job's id, or a unique beginning or ending of it", jobsIn("dead")) },
  examples: [
    ["queuectl dlq purge job1", "Delete a dead job"],
    ["queuectl dlq purge --older-than 30d", "Delete those of which nobody needs to know"],
    ["queuectl dlq purge --all", "Empty the dead letter queue"],
  ],
  exitCodes: EACH_EXIT_CODES,
  async run(context, { args: { ids }, flags: { all, olderThan } }) {
    const { openStore, json, stdout, now } = context;
    const ways = [ids.length > 0, all, olderThan !== undefined].filter(Boolean).length;
    if (ways === 0) {
      throw new CommandLineError("Say which jobs to purge: give ids, --all or --older-than");
    }
    if (ways > 1) throw new CommandLineError("Give one of ids, --all and --older-than");
    await using store = await openStore({ create: false });
    if (ids.length > 0) {
      return await actOnEach(context, store, ids, async (id) => {
        await store.remove(id, ["dead"]);
        return `Job ${id} is purged`;
      });
    }
    const before = olderThan === undefined ? Number.MAX_SAFE_INTEGER : now() - olderThan;
    const purged = await store.removeEnded({ states: ["dead"], before });
    if (json) return await stdout.json({ purged });
    await stdout.line(
      purged === 0
        ? `No job ${all ? "is" : "has been"} dead${all ? "" : " for so long"}`
        : `${countOf(purged, "job")} ${purged === 1 ? "is" : "are"} purged`,
    );
  },
});
