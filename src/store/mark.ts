/**
 * The mark on a store that is being moved to another one, or was moved: nobody may work on either by mistake.
 *
 * It is a version in the table of the schema's versions that no program knows, so that every program refuses the
 * store, also one that was written before stores could be moved; what it means stands in a setting. `moved.ts` says
 * it to people.
 *
 * @module
 */

/** The version of a store that is marked. It is above any that a schema will ever have. */
export const MARK_VERSION = 2_000_000_000;

/** The key of the setting that says what the mark means. No setting of a user has a colon. */
export const MARK_KEY = ":move";

/** A store is marked: an adapter makes a {@linkcode MovedStoreError} of it. */
export class Marked extends Error {
  /** The value of the setting; null if it is not there. */
  readonly text: string | null;

  constructor(text: string | null) {
    super("The store is marked");
    this.text = text;
  }
}
