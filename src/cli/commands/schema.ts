/**
 * `queuectl schema`
 *
 * @module
 */

import { defineCommand } from "../command.ts";

/** Prints the JSON Schema of a job. */
export const command = defineCommand({
  description: [
    "Draft 2020-12, for editors and for programs that write jobs. It needs no store. Where a default " +
    "comes from the settings, the description of the key says so.",
  ],
  flags: {},
  args: {},
  examples: [
    ["queuectl schema > job.schema.json", "Let an editor check and complete what you write"],
    ["queuectl schema | jq '.properties | keys'", "Every key that a job may have"],
  ],
  async run({ stdout, json }) {
    // Loaded here: the help does not need it.
    const { jobSchema } = await import("../../job/json_schema.ts");
    // Read by people as often as by programs, so it is indented also where it goes into a file.
    if (json) return await stdout.json(jobSchema());
    await stdout.line(JSON.stringify(jobSchema(), null, 2));
  },
});
