/**
 * From a command line to what is to be done: everything that can be wrong with it is found here, before
 * anything is done.
 *
 * @module
 */

import type { Section } from "./app.ts";
import { readArgs } from "./args.ts";
import type { Argv } from "./argv.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { DEFAULT_GLOBALS, GLOBAL_FLAGS, type Globals } from "./globals.ts";
import { type CommandRoute, findRoute, type Route } from "./route.ts";
import { importLater } from "../lazy.ts";

/** What a command line asks for. */
export interface Plan {
  readonly globals: Globals;
  /** Does it and returns the exit code; nothing means 0. */
  execute(context: Context): Promise<number | void>;
}

/**
 * Reads a command line. Only the module of the command that it names is loaded.
 *
 * @throws {CommandLineError} if it cannot be read
 * @throws {UsageError} if a flag's value is not valid
 */
export async function plan(app: readonly Section[], argv: Argv): Promise<Plan> {
  const { route, help } = findRoute(app, argv, GLOBAL_FLAGS);
  if (route.kind === "command" && !help) return await planCommand(route, argv);
  const globals = argv.values(GLOBAL_FLAGS);
  if (globals.version) return { globals, execute: showVersion };
  // The bare name of a group is a question too, but a script that asks it has made a mistake.
  const mistaken = route.kind === "group" && !help && !argv.mentionsHelp;
  return { globals, execute: (context) => showHelp(app, route, context, mistaken) };

  async function planCommand(route: CommandRoute, argv: Argv): Promise<Plan> {
    const { command } = await route.entry.load();
    const execute = (context: Context) => showHelp(app, route, context);
    try {
      const takesRest = command.rest !== undefined;
      const words = argv.words({ ...command.flags, ...GLOBAL_FLAGS }, takesRest);
      const globals = argv.values(GLOBAL_FLAGS);
      if (globals.version) return { globals, execute: showVersion };
      if (globals.help) return { globals, execute };
      const input = {
        flags: argv.values(command.flags),
        args: readArgs(command.args, takesRest ? words : [...words, ...argv.rest ?? []]),
        rest: takesRest ? argv.rest : null,
      };
      return {
        globals,
        execute: (context) => command.run(context, input).catch((error) => fail(error, route.path)),
      };
    } catch (error) {
      if (error instanceof CommandLineError && argv.mentionsHelp) {
        return { globals: DEFAULT_GLOBALS, execute };
      }
      return fail(error, route.path);
    }
  }
}

/** Passes an error on; one about the command line learns whose help to look at. */
function fail(error: unknown, path: string): never {
  throw error instanceof CommandLineError ? new CommandLineError(error.message, path) : error;
}

async function showHelp(
  app: readonly Section[],
  route: Route,
  context: Context,
  mistaken = false,
): Promise<number> {
  const { renderHelp } = await importLater<typeof import("./help.ts")>("cli/help");
  const output = mistaken ? context.stderr : context.stdout;
  await output.write(await renderHelp(app, route, output));
  return mistaken ? 2 : 0;
}

async function showVersion({ json, stdout }: Context): Promise<void> {
  const { default: { version } } = await import("../../deno.json", { with: { type: "json" } });
  await (json ? stdout.json({ version }) : stdout.line(`queuectl ${version}`));
}
