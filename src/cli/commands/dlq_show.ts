/**
 * `queuectl dlq show`
 *
 * @module
 */

import { ConflictError } from "../../errors.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { jobsIn } from "../hint.ts";
import { readJob } from "../../actions/read_job.ts";
import { command as show } from "./show.ts";

/** Shows a dead job. */
export const command = defineCommand({
  flags: {},
  args: {
    id: arg.one("ID", "The job's id, or a unique beginning or ending of it", jobsIn("dead")),
  },
  examples: [["queuectl dlq show job1", "Why a job is dead, and each of its attempts"]],
  exitCodes: [["3", "There is no such job"], ["4", "The job is not dead"]],
  async run(context, input) {
    {
      await using store = await context.openStore({ create: false });
      const { id, state } = await readJob(store, input.args.id);
      if (state !== "dead") {
        throw new ConflictError(`Job ${id} is ${state}, not dead; to see it: queuectl show ${id}`);
      }
    }
    return await show.run(context, input);
  },
});
