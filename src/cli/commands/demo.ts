/**
 * `queuectl demo`
 *
 * @module
 */

import { ignoresSignals } from "../../worker/host.ts";
import { paint } from "../color.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { Narrator } from "../demo/narrator.ts";
import { play } from "../demo/play.ts";
import { Scene } from "../demo/scene.ts";
import type { Step } from "../demo/step.ts";
import { STEPS } from "../demo/steps.ts";
import { failureOf, type Outcome, outcomeToJson, tellOutcome } from "../demo/summary.ts";
import { escapeLines } from "../../escape.ts";
import * as flag from "../flags.ts";
import { Interruption } from "../interruption.ts";

/** Plays the demo. */
export const command = defineCommand({
  description: [
    "It plays real work in a store of its own, in a temporary directory that is removed at the end, " +
    "shows what you would type and what comes of it, and verifies every step. It takes about 12 " +
    "seconds. Your own store is not touched, whatever --db says.",
  ],
  flags: {
    keep: flag.boolean({ summary: "Keep the directory, to look around in it" }),
  },
  args: {},
  examples: [
    ["queuectl demo", "See what it does"],
    ["queuectl demo --keep", "And look at the jobs afterwards"],
  ],
  exitCodes: [["1", "A step could not be verified; it says which one and why"]],
  run: (context, { flags }) => demo(STEPS, context, flags),
});

/**
 * Plays steps and tells the outcome.
 *
 * @returns the exit code: 0 only if all of them were verified
 */
export async function demo(
  steps: readonly Step[],
  context: Context,
  { keep }: { readonly keep: boolean },
): Promise<number> {
  const { stdout, stderr, json } = context;
  // What it made is to go when its terminal does; under nohup it plays to the end.
  const hangup = ignoresSignals([1]) ? [] : ["SIGHUP"] as const;
  using interruption = new Interruption(["SIGINT", "SIGTERM", ...hangup]);
  const { signal } = interruption;
  const begin = performance.now();
  const narrator = await Narrator.to(json ? null : stdout);
  await using scene = await Scene.make({ signal, keep });
  await narrator.title("queuectl at work, in a store of its own:");
  await narrator.command(`export QUEUECTL_DB=${scene.store}`);
  const results = await play(steps, scene, narrator);
  if (interruption.code !== null) {
    await stderr.line(`Interrupted; ${keep ? `kept in ${scene.directory}` : "cleaning up"}`);
    return interruption.code;
  }
  const seconds = Math.round(performance.now() - begin) / 1000;
  const outcome: Outcome = { results, seconds, scene, keep };
  const failure = failureOf(results);
  if (failure !== null) {
    await stderr.line(`${paint("queuectl:", "red", stderr.color)} ${escapeLines(failure)}`);
  }
  if (json) await stdout.json(outcomeToJson(outcome));
  else await tellOutcome(outcome, narrator);
  return failure === null ? 0 : 1;
}
