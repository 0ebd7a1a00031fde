/**
 * Where `enqueue` and `run` take their jobs from: exactly one of an argument, `--command`, `--file`, the words
 * after `--`, and standard input.
 *
 * @module
 */

import { quoteWords } from "../worker/quote.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { type JobInput, readJobs } from "../intake/job_input.ts";
import type { LineFile } from "../intake/line_file.ts";
import { importLater } from "../lazy.ts";

/** What the command line says about the source. */
export interface JobSource {
  /** The command that takes them, for what a message tells to type. */
  readonly verb: "enqueue" | "run";
  /** One word: JSON, `@FILE` or `-`. */
  readonly words: readonly string[];
  /** Shell text. */
  readonly command: string | undefined;
  /** A path, or `-`. */
  readonly file: string | undefined;
  /** The words after `--`; null if there was none. */
  readonly rest: readonly string[] | null;
}

/**
 * Reads the jobs, or opens the file with them where they are too many to be held at once.
 *
 * @throws {UsageError} if there is no source, more than one, or none that can be read
 */
export async function readSource(
  source: JobSource,
  context: Context,
): Promise<JobInput | LineFile> {
  const { verb, words, command, file, rest } = source;
  const given = [
    words.length === 0 ? null : "an argument",
    command === undefined ? null : "--command",
    file === undefined ? null : "--file",
    rest === null ? null : "a command after --",
  ].filter((name) => name !== null);
  if (given.length > 1) {
    throw new CommandLineError(`Give the job once, not as ${given.join(" and as ")}`);
  }
  if (command !== undefined) return fromText(command);
  if (rest !== null) {
    if (rest.length === 0) throw noJob(verb);
    return fromText(joinWords(rest));
  }
  if (given.length === 0 && context.stdin.isTerminal) throw noJob(verb);
  if (words.length > 0) await refuseOther(words, verb);
  const path = file ?? pathOf(words[0]);
  if (path === null) return readJobs(words[0]!);
  if (path === "") throw new CommandLineError("The name of the file is empty");
  const { readFile, readStream } = await importLater<
    typeof import("../intake/line_file.ts")
  >("intake/line_file");
  const read = path === "-"
    ? await readStream(context.stdin.readable, "The input")
    : await readFile(path);
  if (typeof read !== "string") return read;
  const input = readJobs(read);
  if (input.jobs.length === 0 && !input.isList) throw noJob(verb);
  return input;
}

/** Whether the jobs come from standard input. */
export function readsStdin({ words, command, file, rest }: Omit<JobSource, "verb">): boolean {
  if (command !== undefined || rest !== null) return false;
  if (file !== undefined) return file === "-";
  return words.length === 0 || words[0] === "-" || words[0] === "@-";
}

/**
 * The command of a command line that can only have one: `--command`, or the words after `--`.
 *
 * @throws {CommandLineError} if it has both, or there are no words
 */
export function commandOf(
  { command, rest }: Pick<JobSource, "command" | "rest">,
): string | undefined {
  if (rest === null) return command;
  if (command !== undefined) {
    throw new CommandLineError("Give the command once, not as --command and after --");
  }
  if (rest.length === 0) throw new CommandLineError("No command is given after --");
  return joinWords(rest);
}

function noJob(verb: JobSource["verb"]): CommandLineError {
  return new CommandLineError(`No job given, try: queuectl ${verb} -- echo hello`);
}

function fromText(command: string): JobInput {
  return { jobs: [{ value: command, where: "" }], isList: false };
}

/** One word is shell text as it stands; several reach the program as exactly those words. */
function joinWords(words: readonly string[]): string {
  return words.length === 1 ? words[0]! : quoteWords(words);
}

/** The file that an argument names, `-` for standard input; null if it is JSON itself. */
function pathOf(word: string | undefined): string | null {
  if (word === undefined || word === "-") return "-";
  return word.startsWith("@") ? word.slice(1) : null;
}

/**
 * Refuses arguments that are not one JSON text, `@FILE` or `-`.
 *
 * @throws {CommandLineError} it tells what to type: most who give bare words want to run them
 */
async function refuseOther(words: readonly string[], verb: JobSource["verb"]): Promise<void> {
  const [word = ""] = words;
  if (!/^(-$|@|\s*[{["])/.test(word)) {
    const isList = words.length === 1 && /\.(json|jsonl|ndjson)$/i.test(word);
    throw new CommandLineError(
      isList && await isFile(word)
        ? `Not JSON. To read the file: queuectl ${verb} --file ${quoteWords([word])}`
        : `Not JSON. To run it: queuectl ${verb} -- ${whatToType(words)}`,
    );
  }
  if (words.length > 1) {
    throw new CommandLineError(`Give one argument, not ${words.length}: a list may hold many jobs`);
  }
}

/** What is longer is not repeated. */
const LONGEST = 200;

/** The words as they are to be typed, so that the shell does not take a part of them for itself. */
function whatToType(words: readonly string[]): string {
  const joined = words.join(" ");
  if (/^[\w@%+:,./ -]+$/.test(joined)) return joined.length > LONGEST ? "COMMAND" : joined;
  const quoted = quoteWords(words);
  return quoted.length > LONGEST ? "COMMAND" : quoted;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch {
    return false;
  }
}
