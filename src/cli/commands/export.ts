/**
 * `queuectl export`
 *
 * @module
 */

import { jobToRecord, type KeptJob, pieceToRecord } from "../../job/record.ts";
import { escapeJson } from "../../escape.ts";
import type { Store } from "../../store/store.ts";
import { AttemptOutput } from "../../attempt_output.ts";
import { defineCommand } from "../command.ts";
import * as flag from "../flags.ts";
import { LIST_FLAGS, STATE_FLAG } from "../job_list.ts";
import type { Output } from "../output.ts";

/** Text of about this length is written at once. */
const CHUNK = 65_536;

/** Writes jobs to a file that `import` reads. */
export const command = defineCommand({
  description: [
    "NDJSON on standard output: a job a line, oldest first, with all that import needs to go on with it " +
    "in another store. The values of env are never written, only the names.",
    "It may run while workers work. Each portion of about a thousand jobs is as it was at one " +
    "moment; a job that runs at that moment counts as lost where it is imported.",
  ],
  flags: {
    state: STATE_FLAG,
    queue: LIST_FLAGS.queue,
    tag: LIST_FLAGS.tag,
    attempts: flag.boolean({ summary: "With the attempt log of each job, as attempt_log" }),
    output: flag.boolean({ summary: "With the output of each attempt, and the attempt log" }),
  },
  args: {},
  examples: [
    ["queuectl export > jobs.ndjson", "All jobs"],
    ["queuectl export --output | gzip > backup.ndjson.gz", "All that is known of them"],
    ["queuectl export --state dead,failed --queue media", "Some"],
    ["queuectl export | ssh host queuectl import -", "To another machine"],
  ],
  async run({ openStore, stdout }, { flags: { state, queue, tag, attempts, output } }) {
    await using store = await openStore({ create: false });
    const filter = {
      ...(state.length === 0 ? {} : { states: state }),
      ...(queue === undefined ? {} : { queue }),
      ...(tag === undefined ? {} : { tag }),
      oldestFirst: true,
    };
    const lines = new Lines(stdout);
    for await (const jobs of store.keptPortions(filter)) {
      for (const kept of jobs) {
        const line = escapeJson(jobToRecord(kept, attempts || output));
        if (output) await writeWithOutput(lines, line, kept, store);
        else await lines.write(`${line}\n`);
      }
    }
    await lines.flush();
  },
});

/** Piece by piece: the output of a job may be larger than all the rest. */
async function writeWithOutput(
  lines: Lines,
  line: string,
  { job, attempts }: KeptJob,
  store: Store,
): Promise<void> {
  await lines.write(`${line.slice(0, -1)},"output":[`);
  let separator = "";
  for (const { attempt, outcome, outputBytes } of attempts) {
    // Of an attempt that runs nobody knows yet how much it has written.
    if (outputBytes === 0 && outcome !== null) continue;
    const output = new AttemptOutput(store, job.id, attempt);
    for await (const piece of output.read()) {
      await lines.write(separator + escapeJson(pieceToRecord({ attempt, ...piece })));
      separator = ",";
    }
  }
  await lines.write("]}\n");
}

/** Collects small texts to large writes. */
class Lines {
  readonly #stdout: Output;
  #text = "";

  constructor(stdout: Output) {
    this.#stdout = stdout;
  }

  async write(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    if (text !== "") await this.#stdout.write(text);
  }
}
