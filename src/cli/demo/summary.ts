/**
 * How the demo ends.
 *
 * @module
 */

import type { Narrator } from "./narrator.ts";
import type { Scene } from "./scene.ts";
import type { StepResult } from "./step.ts";

/** The whole demo. */
export interface Outcome {
  readonly results: readonly StepResult[];
  readonly seconds: number;
  readonly scene: Scene;
  /** Whether the directory stays. */
  readonly keep: boolean;
}

/** The summary as JSON. */
export function outcomeToJson({ results, seconds, scene, keep }: Outcome): unknown {
  return {
    ok: results.every(({ ok }) => ok === true),
    seconds,
    steps: results,
    store: keep ? scene.store : null,
    directory: keep ? scene.directory : null,
  };
}

/** The step that failed, in one sentence; null if none did. */
export function failureOf(results: readonly StepResult[]): string | null {
  const index = results.findIndex(({ ok }) => ok === false);
  const failed = results[index];
  return failed === undefined ? null : `Step ${index + 1} (${failed.name}) failed: ${failed.error}`;
}

/** Tells the summary, and what to do next. */
export async function tellOutcome(outcome: Outcome, narrator: Narrator): Promise<void> {
  const { results, seconds, scene, keep } = outcome;
  const verified = results.flatMap((result) => result.verified).length;
  const good = results.filter(({ ok }) => ok === true).length;
  await narrator.gap();
  await narrator.title(
    `${good} of ${results.length} steps verified, ${verified} checks, ${seconds.toFixed(1)} s`,
  );
  for (const { title, ok, seconds } of results) {
    if (ok === null) await narrator.say(`- ${title} (not played)`);
    else if (ok) await narrator.verified(`${title} (${seconds.toFixed(1)} s)`);
    else await narrator.failed(title);
  }
  const program = Deno.build.standalone ? "queuectl" : "deno task queuectl";
  if (keep) {
    await narrator.gap();
    await narrator.title(`Kept in ${scene.directory}. To look around:`);
    await narrator.command(`export QUEUECTL_DB=${scene.store}`);
    await narrator.command(`${program} list`);
  }
  if (good < results.length) return;
  await narrator.gap();
  await narrator.title("Your turn:");
  await narrator.command(`${program} worker start --count 3 --detach`);
  await narrator.command(`${program} enqueue -- echo hello`);
  await narrator.command(`${program} status`);
  await narrator.command(`${program} worker stop`);
}
