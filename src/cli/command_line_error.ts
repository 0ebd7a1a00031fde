/**
 * What is wrong with the words of a command line, as opposed to the meaning of their values.
 *
 * @module
 */

import { UsageError } from "../errors.ts";

/** A command line that cannot be read; the message is followed by where to find the help. */
export class CommandLineError extends UsageError {
  /** The command whose help lists what would be right, such as `config set`; empty for the overview. */
  readonly path: string;

  constructor(message: string, path = "") {
    super(message);
    this.path = path;
  }
}
