/**
 * From the first words of a command line to the command that they name.
 *
 * @module
 */

import { didYouMean } from "../nearest.ts";
import { quote } from "../quote.ts";
import { type Entry, type Group, type Section, shown } from "./app.ts";
import { type Argv, unknownFlag } from "./argv.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Flags } from "./flags.ts";

/** What a command line is about. */
export type Route =
  | { readonly kind: "overview" }
  | { readonly kind: "group"; readonly group: Group }
  | CommandRoute;

/** A command line that names a command. */
export interface CommandRoute {
  readonly kind: "command";
  readonly entry: Entry;
  /** Its words, such as `config set`. */
  readonly path: string;
}

/**
 * Finds the command. `help X` is read as `X` with a wish for help.
 *
 * @returns where it leads, and whether the word `help` asks for help about it
 * @throws {CommandLineError} if there is no such command, or a flag stands before it that is not global
 */
export function findRoute(
  app: readonly Section[],
  argv: Argv,
  globals: Flags,
): { readonly route: Route; readonly help: boolean } {
  let first = argv.next(globals);
  const help = first.kind === "word" && first.word === "help";
  if (help) first = argv.next(globals);
  if (first.kind === "end") return { route: { kind: "overview" }, help };
  if (first.kind === "unknown") {
    throw unknownFlag(first.flag, globals, "; the flags of a command follow its name");
  }
  const members = app.flatMap((section) => section.members);
  const member = find(members, first.word, "command", "");
  if (!("entries" in member)) {
    return { route: { kind: "command", entry: member, path: member.name }, help };
  }
  return { route: findInGroup(member, argv, globals, help), help };
}

function findInGroup(group: Group, argv: Argv, globals: Flags, help: boolean): Route {
  const next = argv.next(globals);
  if (next.kind === "word") {
    const entry = find(group.entries, next.word, `${group.name} command`, group.name);
    return { kind: "command", entry, path: `${group.name} ${entry.name}` };
  }
  // `config --help` is about the group, `dlq --limit 3` about its list.
  const bare = group.entries.find(({ name }) => name === group.bare);
  if (bare !== undefined && !help && !argv.has("help")) {
    return { kind: "command", entry: bare, path: `${group.name} ${bare.name}` };
  }
  if (next.kind === "unknown" && !argv.mentionsHelp) {
    throw new CommandLineError(unknownFlag(next.flag, globals).message, group.name);
  }
  return { kind: "group", group };
}

function find<T extends Entry | Group>(
  members: readonly T[],
  word: string,
  kind: string,
  path: string,
): T {
  const namesOf = ({ name, aliases = [] }: T) => [name, ...aliases];
  const found = members.find((member) => namesOf(member).includes(word));
  if (found !== undefined) return found;
  const meant = elsewhere(members, word) ?? didYouMean(word, shown(members).flatMap(namesOf));
  throw new CommandLineError(`Unknown ${kind} ${quote(word)}${meant}`, path);
}

/** The suggestion for the word of a group without the group: `start` for `worker start`. */
function elsewhere(members: readonly (Entry | Group)[], word: string): string | null {
  const group = members.find((member): member is Group =>
    "entries" in member && shown(member.entries).some(({ name }) => name === word)
  );
  return group === undefined ? null : `, did you mean "${group.name} ${word}"?`;
}
