/**
 * `queuectl explain`
 *
 * @module
 */

import { resolveConfig } from "../../config.ts";
import { escapeText } from "../../escape.ts";
import { currentHost } from "../../worker/host.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import { explain, type Explanation } from "../../explanation.ts";
import { explanationToJson, factsOf } from "../../json/explanation_json.ts";

/** Explains why a job is not running. */
export const command = defineCommand({
  description: [
    "It prints one sentence with what has to happen first, a line for each thing that has to happen " +
    "after that (Also: …), and what you can do about them.",
    "With --json the sentence is in text and a word for scripts in reason; beside them is what they " +
    "were worked out from.",
  ],
  flags: {},
  args: { id: arg.one("ID", "The job's id, or a unique beginning or ending of it", "job") },
  examples: [
    ["queuectl explain job1", "Why is it not running?"],
    ["queuectl explain job1 --json | jq -r .reason", "A word for a script"],
  ],
  exitCodes: [["3", "There is no such job"]],
  async run({ openStore, stdout, json, now }, { args }) {
    await using store = await openStore({ create: false });
    const standing = await store.standing(await store.resolve(args.id));
    const { lease } = resolveConfig(await store.settings());
    const facts = factsOf(standing, { lease, host: currentHost(), now: now() });
    if (json) return await stdout.json(explanationToJson(facts));
    for (const line of linesOf(explain(facts))) await stdout.line(escapeText(line));
  },
});

function* linesOf(explanation: Explanation): Generator<string> {
  const { also, text } = explanation;
  yield text;
  for (const { text } of also) yield `Also: ${text}`;
  for (const { hint } of [explanation, ...also]) if (hint !== null) yield hint;
}
