/**
 * The command reference as Markdown, made of what the help and the messages are made of.
 *
 * @module
 */

import { APP, type Entry, type Group, type Section, shown } from "../../src/cli/app.ts";
import { renderHelp } from "../../src/cli/help.ts";
import type { Route } from "../../src/cli/route.ts";
import { ALL_SETTINGS, type Setting } from "../../src/config.ts";
import { DURATION, jobSchema } from "../../src/job/json_schema.ts";
import { SPEC_FIELDS } from "../../src/job/spec_fields.ts";

/** As `--help` prints it on a wide terminal, so that most flags fit on one line. */
const WIDE = { columns: 100, color: false };

/** A command that people are to see. */
interface Shown {
  readonly entry: Entry;
  /** Its words, such as `config set`. */
  readonly path: string;
}

/** Every generated block of the README, as Markdown by its name. */
export async function referenceBlocks(
  app: readonly Section[] = APP,
): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["commands", commandTable(app)],
    ["global flags", codeBlock(await globalFlags(app))],
    ["job keys", jobTable()],
    ["settings", settingTable(ALL_SETTINGS)],
    ["reference", (await Promise.all(app.map((section) => details(app, section)))).join("\n\n")],
  ]);
}

/** A line per command, under the headings of the overview. */
function commandTable(app: readonly Section[]): string {
  return table(
    ["command", "what it does"],
    app.flatMap(({ title, members }) => [
      [`**${title}**`, ""],
      ...commandsOf(members).map(({ entry, path }) => [names(entry, path), cell(entry.summary)]),
    ]),
  );
}

function names(entry: Entry, path: string): string {
  const aliases = entry.aliases?.map((alias) => `\`${alias}\``).join(", ");
  return `\`${path}\`${aliases === undefined ? "" : ` (${aliases})`}`;
}

function commandsOf(members: readonly (Entry | Group)[]): Shown[] {
  return shown(members).flatMap((member) =>
    "entries" in member
      ? shown(member.entries).map((entry) => ({ entry, path: `${member.name} ${entry.name}` }))
      : [{ entry: member, path: member.name }]
  );
}

/** The paragraph of the overview about the flags that every command has. */
async function globalFlags(app: readonly Section[]): Promise<string> {
  const overview = await helpParagraphs(app, { kind: "overview" });
  const found = overview.find((paragraph) => paragraph.startsWith("Flags of every command:\n"));
  if (found === undefined) throw new Error("The overview does not show the global flags");
  return found;
}

/** The help of each command of a section, folded. */
async function details(app: readonly Section[], { title, members }: Section): Promise<string> {
  const folded = commandsOf(members).map(async ({ entry, path }) => {
    const help = await helpParagraphs(app, { kind: "command", entry, path });
    // The summary stands above it already, and the flags of every command in a place of their own.
    const own = help.filter((paragraph) =>
      paragraph !== `${entry.summary}.` && !paragraph.startsWith("Flags of every command, ")
    );
    const summary = `<code>queuectl ${html(path)}</code> · ${html(entry.summary)}`;
    return `<details>\n<summary>${summary}</summary>\n\n${
      codeBlock(own.join("\n\n"))
    }\n\n</details>`;
  });
  return [`### ${title}`, ...await Promise.all(folded)].join("\n\n");
}

async function helpParagraphs(app: readonly Section[], route: Route): Promise<string[]> {
  return (await renderHelp(app, route, WIDE)).trimEnd().split("\n\n");
}

/** What the schema of a job says of the keys that a user may write. */
function jobTable(): string {
  const properties = jobSchema().properties as Readonly<
    Record<string, { readonly description: string; readonly default?: unknown }>
  >;
  const rows = Object.keys(SPEC_FIELDS).map((key) => {
    const { description, default: value } = properties[key]!;
    // The text above the table says once what a duration is.
    const [words = "", named] = description.replace(DURATION, "A duration").split(/\. Default: /);
    const none = key === "command" ? "required" : "none";
    const written = typeof value === "string" ? value : JSON.stringify(value);
    return [
      `\`${key}\``,
      cell(named ?? written?.replace(/^(\[\]|\{\})$/, none) ?? none),
      cell(words),
    ];
  });
  return table(["key", "default", "what it is"], rows);
}

function settingTable(settings: readonly Setting[]): string {
  const rows = (readBy: Setting["readBy"]) =>
    settings.filter((setting) => setting.readBy === readBy).map((setting) => {
      const { key, default: value, range, summary, aliases } = setting;
      const also = aliases.map((alias) => `\`${alias}\``).join(", ");
      return [
        `\`${key}\``,
        cell(setting.format(value)),
        cell(range),
        cell(summary) + (also === "" ? "" : `; also ${also}`),
      ];
    });
  return table(["key", "default", "may be", "what it is"], [
    ["**of a new job**", "", "", ""],
    ...rows("job"),
    ["**of a worker**", "", "", ""],
    ...rows("worker"),
  ]);
}

/** A table; the last column is as ragged as its text. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${
      cells.map((text, i) => i === head.length - 1 ? text : text.padEnd(widths[i]!)).join(" | ")
    } |`;
  const rule = head.map((text, i) => "-".repeat(i === head.length - 1 ? text.length : widths[i]!));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** Plain text as it stands in a cell: nothing in it is Markdown. */
function cell(text: string): string {
  // An underscore inside of a word is one in Markdown, too.
  return text.replace(/[\\`*<>[\]|]|(?<!\w)_|_(?!\w)/g, "\\$&");
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text in a fence that is longer than any in it. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
