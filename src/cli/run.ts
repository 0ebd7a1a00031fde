/**
 * One run of the program: from the command line to the exit code.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { quote } from "../quote.ts";
import { APP, type Section } from "./app.ts";
import { Argv } from "./argv.ts";
import type { Context } from "./context.ts";
import { createContext } from "./create_context.ts";
import { garbledArg } from "./garbled_arg.ts";
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
    refuseGarbled(args, system);
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

/** @throws {UsageError} if an argument is not text: it would be taken for another one */
function refuseGarbled(args: readonly string[], { commandLine }: System): void {
  const place = commandLine === undefined ? null : garbledArg(args, commandLine);
  if (place === null) return;
  throw new UsageError(
    `Argument ${place + 1} is not UTF-8 text, ${quote(args[place]!)}: ` +
      "put it into a script, or let a pattern such as * stand for it",
  );
}

/** The global flags of a command line that could not be read to its end. */
function globalsSoFar(argv: Argv): Globals {
  try {
    return argv.values(GLOBAL_FLAGS);
  } catch {
    return DEFAULT_GLOBALS;
  }
}
