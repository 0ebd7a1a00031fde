/**
 * `queuectl show`
 *
 * @module
 */

import { attemptToJson, jobToJson } from "../../job/json.ts";
import { sourcesOf, WAITING_STATES } from "../../job/state.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { escapeText } from "../../escape.ts";
import { type JobRecord, renderJob } from "../job_view.ts";
import { readJob } from "../../actions/read_job.ts";

/** Shows a job. */
export const command = defineCommand({
  description: ["With --json the job has its attempts in attempt_log, oldest first."],
  flags: {},
  args: { id: arg.one("ID", "The job's id, or a unique beginning or ending of it", "job") },
  examples: [
    ["queuectl show job1", "All about a job, and its attempts"],
    ["queuectl show job1 --json | jq .attempt_log", "The attempts, for a script"],
  ],
  exitCodes: [["3", "There is no such job"]],
  async run({ openStore, stdout, stderr, json, now }, { args }) {
    await using store = await openStore({ create: false });
    const job = await readJob(store, args.id);
    const attempts = await store.attempts(job.id);
    if (json) {
      return await stdout.json({ ...jobToJson(job), attempt_log: attempts.map(attemptToJson) });
    }
    await stdout.write(await renderJob({ job, attempts }, now(), stdout));
    for (const line of hints({ job, attempts })) await stderr.line(line);
  },
});

function* hints({ job: { id, state }, attempts }: JobRecord): Generator<string> {
  const shown = escapeText(id);
  if (state === "held") yield `To let it go: queuectl release ${shown}`;
  else if (WAITING_STATES.includes(state)) {
    yield `To see why it is not running: queuectl explain ${shown}`;
  }
  if (state === "processing") yield `To see its output as it comes: queuectl logs -f ${shown}`;
  else if (attempts.length > 0) yield `To see its output: queuectl logs ${shown}`;
  if (sourcesOf("retry").includes(state) && state !== "completed") {
    yield `To run it again${state === "failed" ? " now" : ""}: queuectl retry ${shown}`;
  }
}
