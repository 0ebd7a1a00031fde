/**
 * The flags that every command has.
 *
 * @module
 */

import { Argv } from "./argv.ts";
import { COLOR_CHOICES } from "./color.ts";
import { LOG_FORMATS, LOG_LEVELS } from "./context.ts";
import * as flag from "./flags.ts";

/** The flags that work before and after every command. */
export const GLOBAL_FLAGS = {
  db: flag.string({
    summary: "The store: a SQLite file, or postgres://USER@HOST/DATABASE",
    placeholder: "PATH|URL",
    complete: "file",
    defaultText: "QUEUECTL_DB, else $XDG_DATA_HOME/queuectl/queue.db",
  }),
  json: flag.boolean({ summary: "Print JSON on stdout and nothing else" }),
  color: flag.choice(COLOR_CHOICES, {
    summary: "When to use colours",
    placeholder: "WHEN",
    default: "auto",
    aliases: ["colour"],
  }),
  logLevel: flag.choice(LOG_LEVELS, {
    summary: "How much to log on stderr",
    placeholder: "LEVEL",
    default: "info",
  }),
  logFormat: flag.choice(LOG_FORMATS, {
    summary: "How to write log lines",
    placeholder: "FORMAT",
    default: "text",
  }),
  help: flag.boolean({ summary: "Show help and exit", short: "h" }),
  version: flag.boolean({ summary: "Show the version and exit", short: "V" }),
};

/** What the global flags read to. */
export type Globals = flag.FlagValues<typeof GLOBAL_FLAGS>;

/** What they are where none is given. */
export const DEFAULT_GLOBALS: Globals = new Argv([]).values(GLOBAL_FLAGS);
