/**
 * The command lines in a Markdown text: what its code blocks for the shell and for cron would start.
 *
 * @module
 */

/** The fields of time before the command in a line of a crontab. */
const CRON_TIME = /^\s*(?:@\w+|[\d*][\d*,\/-]*(?:\s+[\w*][\w*,\/-]*){4})\s+/;

/** Words that run the words after them. */
const PREFIXES = ["!", "do", "else", "exec", "if", "then", "time", "until", "while", "{"];

/** The languages whose blocks are read. */
const SHELLS = ["sh", "bash", "console", "crontab"];

/** A fenced block of code. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a Markdown text. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const fenced = /^( *)(`{3,})(\w*)\n(.*?)\n\1\2$/gms;
  return [...markdown.matchAll(fenced)].map(([, indent = "", , language = "", text = ""]) => ({
    language,
    text: text.replaceAll(`\n${indent}`, "\n").slice(indent.length),
  }));
}

/** The commands of a crontab, without its comments, variables and times. */
export function crontabCommands(crontab: string): string[] {
  return crontab.split("\n").filter((line) => CRON_TIME.test(line))
    .map((line) => line.replace(CRON_TIME, ""));
}

/** The words of every command line of `program` in a Markdown text, the program itself left out. */
export function commandLines(markdown: string, program: string): string[][] {
  return codeBlocks(markdown).filter(({ language }) => SHELLS.includes(language))
    .flatMap(({ language, text }) => language === "crontab" ? crontabCommands(text) : [text])
    .flatMap(simpleCommands)
    .filter(([first]) => first === program)
    .map(([, ...args]) => args);
}

/**
 * The simple commands of a shell script, as words. Quotes, comments, `\`, lists, pipes, groups and
 * substitutions are understood; redirections, assignments and reserved words are left out.
 */
export function simpleCommands(script: string): string[][] {
  const commands: string[][] = [[]];
  const token =
    /\\\n|[ \t]+|(?<=^|[\s;|&(])#[^\n]*|(\d*(?:>>|>|<)&?\s*[^\s;|&()<>]*)|(\$\(|[\n;|&()`]+)|((?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|\$(?!\()|[^\s;|&()<>`'"$\\])+)/gs;
  for (const [, , separator, word] of script.matchAll(token)) {
    if (separator !== undefined) commands.push([]);
    if (word !== undefined) commands.at(-1)!.push(word);
  }
  const nested = commands.flat().flatMap((word) =>
    [...word.matchAll(/"(?:\\.|[^"\\])*"/gs)].flatMap(([quoted]) => substitutions(quoted))
  );
  return [...commands.map(withoutPrefix), ...nested.flatMap(simpleCommands)]
    .filter(({ length }) => length > 0);
}

/** What stands in `$(…)` inside of double quotes. */
function substitutions(quoted: string): string[] {
  return [...quoted.matchAll(/\$\(([^()]*)\)/g)].map(([, script = ""]) => script);
}

function withoutPrefix(words: readonly string[]): string[] {
  const from = words.findIndex((word) => !PREFIXES.includes(word) && !/^\w+=/.test(word));
  return from < 0 ? [] : words.slice(from).map(unquote);
}

function unquote(word: string): string {
  return word.replace(
    /\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)"/gs,
    (_, escaped?: string, single?: string, double?: string) =>
      escaped ?? single ?? double!.replace(/\\([$`"\\])/g, "$1"),
  );
}
