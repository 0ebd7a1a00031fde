/**
 * What a command gets from its surroundings. All of it can be replaced, so that a test can run a
 * command without a process.
 *
 * @module
 */

import type { OpenOptions } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import type { Output } from "./output.ts";

/** How much is logged. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** How much is logged. */
export type LogLevel = typeof LOG_LEVELS[number];

/** How log lines are written. */
export const LOG_FORMATS = ["text", "json"] as const;
/** How log lines are written. */
export type LogFormat = typeof LOG_FORMATS[number];

/** Standard input. */
export interface Stdin {
  readonly isTerminal: boolean;
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** The surroundings of one run of a command. */
export interface Context {
  /** Data goes here, and nothing else. */
  readonly stdout: Output;
  /** Everything else goes here. */
  readonly stderr: Output;
  readonly stdin: Stdin;
  /** Whether `--json` asks for JSON on stdout. */
  readonly json: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** The working directory, absolute. */
  readonly cwd: string;
  /**
   * Where the store is: an absolute path or a URL.
   *
   * @throws {UsageError} if neither `--db` nor the environment says
   */
  readonly location: string;
  /** The wall clock, in milliseconds since the epoch. */
  now(): number;
  /** A variable of the environment. */
  env(name: string): string | undefined;
  /**
   * Opens the store; the caller closes it (`await using`).
   *
   * @param db what `--db` says, where that is not on the command line of this run
   * @throws {StoreError} if it cannot be used, or is missing and not to be created
   */
  openStore(options: OpenOptions, db?: string): Promise<Store>;
}
