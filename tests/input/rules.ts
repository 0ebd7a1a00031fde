/**
 * What must hold of every command, whatever it was given: written once, for the tests and for the soak.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import type { Ended, Queue } from "../cli/queue.ts";

/** Words of the inside: whoever reads one of them reads about the program, not about the mistake. */
const INTERNAL = new RegExp(
  [
    /\b(?:undefined|NaN|TypeError|RangeError|SyntaxError|ReferenceError|valibot|croner|stricli)\b/,
    /\[object|Unexpected failure|\bSQLITE|sqlite3?_|UNIQUE constraint|CHECK constraint|ERR_[A-Z]/,
    /\bat (?:file|async|Object|new) ?[:.<(]|\.ts:\d|node:|ext:|Deno\.|\(os error/,
    /Invalid (?:type|key|length)\b|but received|\bCron[A-Z]\w+:|\/\^|\]\{\d|\(\?[:=!<]/,
  ].map(({ source }) => source).join("|"),
  "g",
);

/** What a terminal acts on, or shows in another order; written out, not taken from the program. */
// deno-lint-ignore no-control-regex -- that is what is looked for
export const ACTED_ON = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** Lines on stderr that go with a mistake, after its sentence. */
const HINT = /^(?:See "queuectl[^"]*"|Run it again with .*)$/;

/** The longest sentence about a mistake, characters. */
const LONGEST = 1500;

/** What is asked of a command. */
export interface Expected {
  /** The exit codes that it may end with; 0, 2, 3 and 4 if absent. */
  readonly codes?: readonly number[];
  /** Whether stdout has to be one JSON value. */
  readonly json?: boolean;
  /** Whether a line of stdout may be two columns with a tab between them. */
  readonly tabs?: boolean;
  /** Whether it acts on each of several things by itself, so that some may be done and others refused. */
  readonly each?: boolean;
  /** The words of the command line: advice may repeat one without quotes, in a line to be typed. */
  readonly given?: readonly string[];
}

/** The first rule that a command breaks, in words; null if it keeps all of them. */
export function brokenRule(ended: Ended, expected: Expected = {}): string | null {
  const { code, stdout, stderr } = ended;
  const { codes = [0, 2, 3, 4], json = false, each = false, tabs = false, given = [] } = expected;
  if (!codes.includes(code)) return `exit code ${code}`;
  for (const [name, text] of [["stdout", stdout], ["stderr", stderr]] as const) {
    const found = ACTED_ON.exec(tabs ? text.replaceAll("\t", "") : text)?.[0];
    if (found !== undefined) {
      return `U+${found.charCodeAt(0).toString(16)} on ${name}`;
    }
  }
  const internal = withoutQuotes(stderr).match(INTERNAL)
    ?.find((word) => !given.some((text) => text.includes(word)));
  if (internal !== undefined) return `"${internal}" on stderr`;
  if (code === 0) return json && !isJson(stdout) ? "not JSON on stdout" : null;
  if (each) return null;
  if (stdout !== "") return "stdout of what was refused is not empty";
  const [sentence = "", ...hints] = stderr.split("\n").slice(0, -1);
  if (!/^queuectl: \S/.test(sentence)) return "stderr does not begin with queuectl:";
  if (sentence.length > LONGEST) return `a sentence of ${sentence.length} characters`;
  if (hints.length > 1 || !hints.every((hint) => HINT.test(hint))) return "more than one sentence";
  return null;
}

/** What is quoted is the user's. */
function withoutQuotes(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"/g, '""').replace(/'[^'\n]*'/g, "''");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return text.endsWith("\n");
  } catch {
    return false;
  }
}

/** Tells whether anything was written to a queue's store, by whomever. */
export class ChangeWatch implements Disposable {
  readonly #db: DatabaseSync;
  #version: unknown;

  constructor(queue: Queue) {
    this.#db = new DatabaseSync(queue.path);
    this.#version = this.#read();
  }

  /** Whether anything was written since the last time. */
  get changed(): boolean {
    const before = this.#version;
    this.#version = this.#read();
    return this.#version !== before;
  }

  // SQLite counts what other connections commit: not even an empty change escapes it.
  #read(): unknown {
    return this.#db.prepare("PRAGMA data_version").get()!.data_version;
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }
}
