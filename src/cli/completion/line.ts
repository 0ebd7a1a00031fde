/**
 * Reads the part of a command line that stands before the cursor. Unlike `Argv` it forgives: what
 * is not finished, or wrong, is no reason not to help with the rest.
 *
 * @module
 */

import { type Entry, type Group, type Section, shown } from "../app.ts";
import { FlagNames } from "../argv.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { GLOBAL_FLAGS } from "../globals.ts";

/** What was read before the cursor. */
export class Line {
  /** What the next word names; empty where a command was found, or none can be. */
  names: readonly (Entry | Group)[];
  /** The command, once it is known. */
  command: Command | null = null;
  /** The flags that may follow. */
  flags: Flags = GLOBAL_FLAGS;
  /** The texts of the flags that were given, by their names in the table. */
  readonly given = new Map<string, string[]>();
  /** The arguments of the command. */
  readonly words: string[] = [];
  /** The flag whose value comes next. */
  open: string | null = null;
  /** So many words come before the one after `--`; null if there was none. */
  restAt: number | null = null;
  #flagNames = new FlagNames(GLOBAL_FLAGS);
  #group: Group | null = null;
  #isHelp = false;

  private constructor(app: readonly Section[]) {
    this.names = app.flatMap(({ members }) => shown(members));
  }

  /** Reads words, without the program's name and without the word at the cursor. */
  static async read(app: readonly Section[], words: readonly string[]): Promise<Line> {
    const line = new Line(app);
    for (const [at, word] of words.entries()) {
      if (line.restAt !== null) {
        if (line.command?.rest === undefined) line.words.push(word);
      } else if (word === "--") line.restAt = at + 1;
      else await line.#read(word);
    }
    return line;
  }

  /**
   * The flags that may stand at the cursor; those of a group's bare command too, which is meant as soon
   * as one of them is given.
   */
  async flagsHere(): Promise<Flags> {
    const bare = await this.#bareCommand();
    return bare === null ? this.flags : { ...bare.flags, ...GLOBAL_FLAGS };
  }

  async #read(word: string): Promise<void> {
    if (this.open !== null) {
      this.#give(this.open, word);
      this.open = null;
    } else if (this.#flagNames.isFlag(word)) await this.#readFlag(word);
    else if (this.command !== null) this.words.push(word);
    else await this.#readName(word);
  }

  async #readName(word: string): Promise<void> {
    if (word === "help" && this.#group === null && !this.#isHelp) {
      this.#isHelp = true;
      return;
    }
    const found = this.names.find(({ name, aliases = [] }) => [name, ...aliases].includes(word));
    this.names = [];
    this.#group = null;
    if (found === undefined) return;
    if ("entries" in found) {
      this.names = shown(found.entries);
      this.#group = found;
    } else if (!this.#isHelp) this.#take((await found.load()).command);
  }

  async #readFlag(word: string): Promise<void> {
    const before = this.#readKnownFlag(word);
    if (before) return;
    const bare = await this.#bareCommand();
    if (bare === null) return;
    this.#take(bare);
    this.#readKnownFlag(word);
  }

  /** Whether the flag is known. */
  #readKnownFlag(word: string): boolean {
    const [, long, attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (long !== undefined) return this.#readOne(this.#flagNames.long(long), attached);
    for (let i = 1; i < word.length; i++) {
      const name = this.#flagNames.short(word[i]!);
      const isLast = name === undefined || !this.flags[name]!.bare;
      if (isLast) return this.#readOne(name, word.slice(i + 1).replace(/^=/, "") || undefined);
      this.#give(name, "true");
    }
    return true;
  }

  #readOne(name: string | undefined, attached: string | undefined): boolean {
    if (name === undefined) return false;
    if (attached !== undefined || this.flags[name]!.bare) this.#give(name, attached ?? "true");
    else this.open = name;
    return true;
  }

  #give(name: string, text: string): void {
    this.given.set(name, [...this.given.get(name) ?? [], text]);
  }

  #take(command: Command): void {
    this.command = command;
    this.names = [];
    this.#group = null;
    this.flags = { ...command.flags, ...GLOBAL_FLAGS };
    this.#flagNames = new FlagNames(this.flags);
  }

  async #bareCommand(): Promise<Command | null> {
    const group = this.#group;
    const bare = group?.entries.find(({ name }) => name === group.bare);
    return bare === undefined || this.#isHelp ? null : (await bare.load()).command;
  }
}
