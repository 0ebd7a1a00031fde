/**
 * Where `enqueue` takes its jobs from: exactly one of an argument, `--command`, `--file`, the words
 * after `--`, and standard input.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { quoteWords } from "../worker/quote.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import { type JobInput, readJobs } from "./job_input.ts";

/** What the command line says about the source. */
export interface JobSource {
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
 * Reads the jobs.
 *
 * @throws {UsageError} if there is no source, more than one, or none that can be read
 */
export async function readSource(source: JobSource, context: Context): Promise<JobInput> {
  const { words, command, file, rest } = source;
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
  if (rest !== null) return fromWords(rest);
  if (file !== undefined) return await fromFile(file, context);
  if (words.length > 0) return await fromArguments(words, context);
  if (context.stdin.isTerminal) throw noJob();
  return await fromStdin(context);
}

function noJob(): CommandLineError {
  return new CommandLineError("No job given, try: queuectl enqueue -- echo hello");
}

function fromText(command: string): JobInput {
  return { jobs: [{ value: command, where: "" }], isList: false };
}

/** One word is shell text as it stands; several reach the program as exactly those words. */
function fromWords(words: readonly string[]): JobInput {
  if (words.length === 0) throw noJob();
  return fromText(words.length === 1 ? words[0]! : quoteWords(words));
}

async function fromArguments(words: readonly string[], context: Context): Promise<JobInput> {
  const [text = "", ...more] = words;
  const isInput = text === "-" || text.startsWith("@") || /^\s*[{["]/.test(text);
  if (!isInput) {
    throw new CommandLineError(`Not JSON. To run it: queuectl enqueue -- ${words.join(" ")}`);
  }
  if (more.length > 0) {
    throw new CommandLineError(`Give one argument, not ${words.length}: a list may hold many jobs`);
  }
  if (text === "-") return await fromStdin(context);
  return text.startsWith("@") ? await fromFile(text.slice(1), context) : readJobs(text);
}

async function fromFile(path: string, context: Context): Promise<JobInput> {
  if (path === "-") return await fromStdin(context);
  if (path === "") throw new CommandLineError("The name of the file is empty");
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw new UsageError(`There is no file ${path}`);
    throw new UsageError(`Cannot read ${path}: ${(error as Error).message}`);
  }
  return fromBytes(bytes);
}

async function fromStdin({ stdin }: Context): Promise<JobInput> {
  return fromBytes(new Uint8Array(await new Response(stdin.readable).arrayBuffer()));
}

function fromBytes(bytes: Uint8Array): JobInput {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError("The input is not UTF-8 text");
  }
  const input = readJobs(text);
  if (input.jobs.length === 0 && !input.isList) throw noJob();
  return input;
}
