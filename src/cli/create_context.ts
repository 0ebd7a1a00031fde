/**
 * Makes a command's context from the process and the global flags.
 *
 * @module
 */

import { wantsColor } from "./color.ts";
import type { Context } from "./context.ts";
import type { Globals } from "./globals.ts";
import { resolveLocation } from "./location.ts";
import { Output, type Sink } from "./output.ts";
import type { System } from "./system.ts";

/** The context of one run. What may fail, such as the location, is worked out when it is asked for. */
export function createContext(system: System, globals: Globals): Context {
  const color = (sink: Sink) => {
    try {
      return wantsColor(globals.color, sink.isTerminal(), system.env);
    } catch {
      // A variable that is set to what is not text.
      return false;
    }
  };
  const location = (flag = globals.db) =>
    resolveLocation({ flag, env: system.env, cwd: system.cwd });
  return {
    stdout: new Output(system.stdout, { color: color(system.stdout) }),
    stderr: new Output(system.stderr, { color: color(system.stderr), lossy: true }),
    stdin: system.stdin,
    json: globals.json,
    logLevel: globals.logLevel,
    logFormat: globals.logFormat,
    get cwd() {
      return system.cwd();
    },
    get location() {
      return location();
    },
    now: system.now,
    env: system.env,
    openStore: async (options, db) => await system.openStore(location(db), options),
  };
}
