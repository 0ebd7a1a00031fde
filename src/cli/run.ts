/**
 * One run of the program: from the command line to the exit code.
 *
 * @module
 */

import { APP, type Section } from "./app.ts";
import { Argv } from "./argv.ts";
import type { Context } from "./context.ts";
import { createContext } from "./create_context.ts";
import { DEFAULT_GLOBALS, GLOBAL_FLAGS, type Globals } from "./globals.ts";
import { plan } from "./plan.ts";
import { report } from "./report.ts";
import type { System } from "./system.ts";

/**
 * Runs the command that the command line names, and says in one sentence what goes wrong.
 *
 * @returns the exit code, after everything is written
 */
export async function run(
  args: readonly string[],
  system: System,
  app: readonly Section[] = APP,
): Promise<number> {
  const argv = new Argv(args);
  let context: Context | null = null;
  let code: number;
  try {
    const { globals, execute } = await plan(app, argv);
    context = createContext(system, globals);
    code = await Promise.race([execute(context), system.uncaught]) ?? 0;
    await context.stdout.flush();
  } catch (error) {
    context ??= createContext(system, globalsSoFar(argv));
    code = report(error, context);
    await context.stdout.flush().catch(() => {});
  }
  await context.stderr.flush();
  return code;
}

/** The global flags of a command line that could not be read to its end. */
function globalsSoFar(argv: Argv): Globals {
  try {
    return argv.values(GLOBAL_FLAGS);
  } catch {
    return DEFAULT_GLOBALS;
  }
}
