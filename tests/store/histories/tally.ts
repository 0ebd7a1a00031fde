/**
 * What random histories have reached: a proof that never gets somewhere says nothing about it.
 *
 * @module
 */

import { type JobEvent, type State, TRANSITIONS } from "../../../src/job/state.ts";

/** Counts, over many histories. */
export class Tally {
  histories = 0;
  steps = 0;
  readonly #counts = new Map<string, number>();

  /** A job moved. */
  transition(event: JobEvent, from: State): void {
    this.#count(`${from} ${event}`);
  }

  /** Something that a step can come to, such as a refusal. */
  event(name: string): void {
    this.#count(name);
  }

  /** How often something happened. */
  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  /** What the table allows and no job has done. */
  get missingTransitions(): string[] {
    return TRANSITIONS.flatMap(({ event, from }) => from.map((state) => `${state} ${event}`))
      .filter((name) => this.of(name) === 0);
  }

  /** The transitions, or all the rest, the frequent ones first. */
  counts(which: "transitions" | "events"): string {
    const isTransition = (name: string) =>
      TRANSITIONS.some(({ event, from }) => from.some((state) => `${state} ${event}` === name));
    return [...this.#counts]
      .filter(([name]) => isTransition(name) === (which === "transitions"))
      .sort(([, a], [, b]) => b - a)
      .map(([name, count]) => `${name} ${count}`)
      .join("; ");
  }

  #count(name: string): void {
    this.#counts.set(name, this.of(name) + 1);
  }
}
