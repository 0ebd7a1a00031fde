/**
 * What the checks of rows work with, whatever database they are in.
 *
 * @module
 */

import type { ExamineOptions } from "../examination.ts";
import type { Row, SqlValue } from "./work.ts";

/** A store that is examined. */
export interface Patient {
  /** The rows of a statement, on a snapshot of their own; in what `work.ts` says. */
  rows(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>;
  /** A command line that runs SQL on the store in one transaction, beside whoever else uses it. */
  sqlCommand(sql: string): string;
  /** SQL that makes the counters of jobs anew. */
  readonly recount: string;
  /** Whose clock `options.now` is of: `this machine`. */
  readonly clockOf: string;
  readonly options: ExamineOptions;
}
