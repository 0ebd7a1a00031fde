/**
 * Whether jobs can be given their files. Where they cannot, since the disk is full or read-only, a job
 * that is claimed can only be handed back: done again and again, that would fill the log and the store.
 *
 * @module
 */

import { makeSpool } from "./attempt_run.ts";
import { removeSpool, spoolPaths, writeInput } from "./spool.ts";

/** Between two looks at a spool that cannot be used, milliseconds. */
const INTERVAL = 1000;

/** More than a full disk finds room for by chance. */
const CONTENT = " ".repeat(65_536);

/** Looks at the spool after a file could not be made there. */
export class SpoolProbe {
  readonly #spool: string;
  /** By the monotonic clock; null while nothing is known to be wrong. */
  #nextLook: number | null = null;

  /** @param spool the absolute directory for spool files */
  constructor(spool: string) {
    this.#spool = spool;
  }

  /** Whether files could not be made there the last time. */
  get isBroken(): boolean {
    return this.#nextLook !== null;
  }

  /**
   * Tries to make a file, unless it was tried a moment ago.
   *
   * @returns what is wrong; null if nothing is, or nothing new is known
   */
  look(): string | null {
    const now = performance.now();
    if (this.#nextLook !== null && now < this.#nextLook) return null;
    const error = this.#try();
    this.#nextLook = error === null ? null : now + INTERVAL;
    return error;
  }

  /** The name is that of an attempt, so that it is swept up if this process is killed now. */
  #try(): string | null {
    const token = crypto.randomUUID();
    try {
      makeSpool(this.#spool);
      writeInput(spoolPaths(this.#spool, token), CONTENT);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      removeSpool(this.#spool, token);
    }
  }
}
