/**
 * Failures of queuectl in a command that ends as a job did.
 *
 * @module
 */

import { QueuectlError } from "../errors.ts";

/** Queuectl has failed, not the job: 3 to 5 would be taken for the job's exit code. */
export class OwnFailure extends QueuectlError {
  readonly exitCode = 125;
}

/** The exit codes that mean the same in every command: a wait that ran out, a closed pipe. */
const UNMISTAKABLE: readonly number[] = [124, 141];

/**
 * Does work of queuectl itself.
 *
 * @throws {OwnFailure} for every other failure than a wait that ran out or a closed pipe
 */
export async function asOwnFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isExpected = error instanceof QueuectlError;
    if (isExpected && UNMISTAKABLE.includes(error.exitCode)) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new OwnFailure(isExpected ? message : `Unexpected failure: ${message}`, { cause: error });
  }
}
