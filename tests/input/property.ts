/**
 * A rule for many inputs: the tests check it with a few hundred, the soak with tens of thousands.
 *
 * @module
 */

import fc from "fast-check";
import type { Queue } from "../cli/queue.ts";
import { type Tally, World } from "./world.ts";

/** The longest that one input may take, milliseconds: more is a hang. */
const HANG = 60_000;

/** How an input property is checked. */
export interface Check {
  /** So many inputs. */
  readonly runs: number;
  /** All that is random follows from it; another one each time if absent. */
  readonly seed?: number;
}

/** A rule for many inputs. */
export interface InputProperty {
  /** The symbol and the criterion. */
  readonly title: string;
  /** The inputs of a normal test. */
  readonly runs: number;
  /**
   * Tries inputs.
   *
   * @throws with the smallest input that breaks a rule, and the seed
   */
  check(check: Check): Promise<Tally>;
}

/**
 * Makes a property.
 *
 * @param make the queue on which the inputs are tried; an empty one if absent
 */
export function inputProperty<T>(
  { title, runs, inputs, make }: {
    readonly title: string;
    readonly runs: number;
    readonly inputs: fc.Arbitrary<T>;
    readonly make?: () => Promise<Queue>;
  },
  body: (world: World, input: T) => Promise<void>,
): InputProperty {
  return {
    title,
    runs,
    async check({ runs, seed }) {
      await using world = await World.open(make);
      const property = fc.asyncProperty(inputs, async (input) => {
        await world.refresh();
        await body(world, input);
      });
      const seeded = seed === undefined ? {} : { seed };
      await fc.assert(property, { numRuns: runs, timeout: HANG, ...seeded });
      return world.tally;
    },
  };
}
