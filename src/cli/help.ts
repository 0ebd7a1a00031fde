/**
 * Help: the overview, a group, a command.
 *
 * @module
 */

import { type Entry, type Group, type Section, shown } from "./app.ts";
import { describeArgs } from "./args.ts";
import { kebab } from "./argv.ts";
import { paint } from "./color.ts";
import type { Command } from "./command.ts";
import type { Flag, Flags } from "./flags.ts";
import { GLOBAL_FLAGS } from "./globals.ts";
import type { Output } from "./output.ts";
import type { Route } from "./route.ts";
import { wrap } from "./wrap.ts";

/** Lines longer than this are tiring to read, however wide the terminal is. */
const WIDEST = 100;
/** The width where there is no terminal. */
const DEFAULT_WIDTH = 80;
/** A longer term does not widen its column. */
const LONGEST_TERM = 26;
/** The column of meanings is not made narrower, however narrow the terminal is. */
const NARROWEST = 20;

/** How the help is laid out. */
type Layout = Pick<Output, "columns" | "color">;

/** The help about a route, ending in a newline. */
export async function renderHelp(
  app: readonly Section[],
  route: Route,
  output: Layout,
): Promise<string> {
  const page = new Page(output);
  if (route.kind === "overview") overview(page, app);
  else if (route.kind === "group") groupHelp(page, route.group);
  else commandHelp(page, route.entry, route.path, (await route.entry.load()).command);
  return page.text;
}

/** Collects the paragraphs of a help text. */
class Page {
  readonly #paragraphs: string[] = [];
  readonly #width: number;
  readonly #color: boolean;

  constructor({ columns, color }: Layout) {
    this.#width = Math.min(columns ?? DEFAULT_WIDTH, WIDEST);
    this.#color = color;
  }

  get text(): string {
    return this.#paragraphs.join("\n\n") + "\n";
  }

  paragraph(text: string): void {
    this.#paragraphs.push(wrap(text, this.#width).join("\n"));
  }

  /** A heading with lines under it, which stay as they are. */
  lines(title: string, lines: readonly string[]): void {
    const heading = paint(title, "bold", this.#color);
    this.#paragraphs.push([heading, ...lines.map((line) => `  ${line}`)].join("\n"));
  }

  /** A heading with terms and what they mean in two columns; a long term has a line of its own. */
  terms(title: string, terms: readonly (readonly [term: string, meaning: string])[]): void {
    const short = terms.map(([term]) => term.length).filter((length) => length <= LONGEST_TERM);
    const column = Math.max(0, ...short) + 2;
    const room = Math.max(this.#width - 2 - column, NARROWEST);
    this.lines(
      title,
      terms.flatMap(([term, meaning]) => {
        const lines = wrap(meaning, room).map((line) => " ".repeat(column) + line);
        return term.length > LONGEST_TERM
          ? [term, ...lines]
          : [term + lines[0]!.slice(term.length), ...lines.slice(1)];
      }),
    );
  }
}

function overview(page: Page, app: readonly Section[]): void {
  page.paragraph("queuectl runs shell commands in the background and does not lose them.");
  page.lines("Usage:", ["queuectl COMMAND [flags]"]);
  page.lines("First steps:", [
    "queuectl worker start --count 3 --detach",
    "queuectl enqueue -- sleep 60",
    "queuectl status",
  ]);
  for (const { title, members } of app) {
    page.terms(`${title}:`, shown(members).map((member) => [member.name, summarize(member)]));
  }
  page.terms("Flags of every command:", describeFlags(GLOBAL_FLAGS));
  page.paragraph('Run "queuectl COMMAND --help" for what a command does, its flags and examples.');
}

function summarize(member: Entry | Group): string {
  if (!("entries" in member)) return member.summary;
  return `${member.summary}: ${shown(member.entries).map(({ name }) => name).join(", ")}`;
}

function groupHelp(page: Page, group: Group): void {
  page.paragraph(`${group.summary}.`);
  page.lines("Usage:", [`queuectl ${group.name} COMMAND [flags]`]);
  page.terms(
    "Commands:",
    shown(group.entries).map(({ name, summary }) => [
      name,
      name === group.bare ? `${summary} (also: queuectl ${group.name})` : summary,
    ]),
  );
  page.paragraph(`Run "queuectl ${group.name} COMMAND --help" for its flags and examples.`);
}

function commandHelp(page: Page, entry: Entry, path: string, command: Command): void {
  const { description = [], flags, args, rest, examples, exitCodes = [] } = command;
  page.paragraph(`${entry.summary}.`);
  for (const paragraph of description) page.paragraph(paragraph);
  const words = [describeArgs(args), "[flags]", ...rest === undefined ? [] : [`[-- ${rest}]`]];
  const usage = command.usage ?? [words.filter(Boolean).join(" ")];
  page.lines("Usage:", usage.map((line) => `queuectl ${path} ${line}`));
  if (Object.keys(args).length > 0) {
    page.terms("Arguments:", Object.values(args).map((arg) => [arg.placeholder, arg.summary]));
  }
  if (Object.keys(flags).length > 0) page.terms("Flags:", describeFlags(flags));
  if (examples.length > 0) {
    page.lines("Examples:", examples.flatMap(([line, does]) => [`# ${does}`, line]));
  }
  if (exitCodes.length > 0) page.terms("Exit codes:", exitCodes);
  const group = path.slice(0, -entry.name.length);
  const aliases = entry.aliases?.map((alias) => `queuectl ${group}${alias}`);
  if (aliases !== undefined) page.paragraph(`Also: ${aliases.join(", ")}`);
  page.paragraph('Flags of every command, such as --db and --json: see "queuectl --help".');
}

function describeFlags(flags: Flags): (readonly [string, string])[] {
  const aligned = Object.values(flags).some(({ short }) => short !== undefined);
  return Object.entries(flags).filter(([, { hidden }]) => !hidden).map(([name, flag]) => [
    spell(name, flag, aligned),
    flag.summary + (flag.defaultText === undefined ? "" : ` (default: ${flag.defaultText})`),
  ]);
}

function spell(name: string, { short, placeholder }: Flag<unknown>, aligned: boolean): string {
  const letter = short === undefined ? (aligned ? "    " : "") : `-${short}, `;
  return `${letter}--${kebab(name)}${placeholder === "" ? "" : ` ${placeholder}`}`;
}
