/**
 * Plays steps, one after the other.
 *
 * @module
 */

import { ClosedPipeError, OutputError } from "../output.ts";
import type { Narrator } from "./narrator.ts";
import type { Scene } from "./scene.ts";
import { Stage } from "./stage.ts";
import type { Step, StepResult } from "./step.ts";

/**
 * Plays the steps up to the first one that fails, or until the scene's signal.
 *
 * @returns how each went, those that were not played among them
 */
export async function play(
  steps: readonly Step[],
  scene: Scene,
  narrator: Narrator,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const [index, step] of steps.entries()) {
    const { name, title } = step;
    if (scene.signal.aborted || results.some(({ ok }) => ok === false)) {
      results.push({ name, title, ok: null, seconds: 0, verified: [], error: null });
      continue;
    }
    await narrator.gap();
    await narrator.title(`${index + 1}/${steps.length}  ${title}`);
    const result = await playStep(step, new Stage(scene, narrator));
    results.push(result);
    if (result.error !== null && !scene.signal.aborted) await narrator.failed(result.error);
  }
  return results;
}

async function playStep(step: Step, stage: Stage): Promise<StepResult> {
  const { name, title } = step;
  const begin = performance.now();
  const result = (error: string | null): StepResult => {
    const seconds = Math.round(performance.now() - begin) / 1000;
    return { name, title, ok: error === null, seconds, verified: stage.verified, error };
  };
  try {
    await step.play(stage);
    return result(null);
  } catch (error) {
    // Nobody listens any more.
    if (error instanceof ClosedPipeError || error instanceof OutputError) throw error;
    return result(error instanceof Error ? error.message : String(error));
  }
}
