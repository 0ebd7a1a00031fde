/**
 * What the demo is made of.
 *
 * @module
 */

import type { Stage } from "./stage.ts";

/** One thing that the demo shows and verifies. */
export interface Step {
  /** One word, by which a failure names it. */
  readonly name: string;
  /** One line, sentence case, no full stop. */
  readonly title: string;
  /**
   * Plays it; when it returns, all that it claims was verified.
   *
   * @throws {StepFailure} if something was not so
   */
  play(stage: Stage): Promise<void>;
}

/** Something is not as the demo claims. The message says what, without a full stop. */
export class StepFailure extends Error {
  override get name(): string {
    return "StepFailure";
  }
}

/** How a step went. */
export interface StepResult {
  readonly name: string;
  readonly title: string;
  /** Null if it was not played, because an earlier one failed. */
  readonly ok: boolean | null;
  readonly seconds: number;
  /** What held, a sentence each. */
  readonly verified: readonly string[];
  /** Why it failed, or null. */
  readonly error: string | null;
}
