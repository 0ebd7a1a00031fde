/**
 * What programs do to the files of a directory, in the order in which the kernel is asked: by `strace`.
 *
 * @module
 */

import { debianProgram, type Program } from "../../toolchain/debian_program.ts";

/** What may change or sync a file, or a name. */
const CALLS = [
  ...["open", "openat", "creat", "mkdir", "mkdirat", "unlink", "unlinkat"],
  ...["write", "pwrite64", "ftruncate", "fsync", "fdatasync"],
];

/** A system call that succeeded. Its effect is there at some time between its begin and its end. */
export type Call =
  & {
    /** The file or directory. */
    readonly path: string;
    /** Places in the order of the trace. */
    readonly begin: number;
    readonly end: number;
  }
  & (
    /** The file was made, unless it was there. */
    | { readonly type: "create" | "mkdir" | "unlink" | "sync" }
    /** `at` is null for one that appends. */
    | { readonly type: "write"; readonly at: number | null; readonly bytes: Uint8Array }
    | { readonly type: "truncate"; readonly size: number }
  );

/** How to run a shell script so that it leaves a trace. */
export interface Tracer {
  /** The words before `sh SCRIPT`. */
  command(log: string): readonly string[];
  /** What its environment needs. */
  readonly env: Readonly<Record<string, string>>;
}

/** The tracer of this machine, or one out of Debian's packages; null where there is none. */
export async function findTracer(): Promise<Tracer | null> {
  const found = await debianProgram({
    name: "strace",
    packages: ["strace", "libunwind8"],
    // Whether it may trace what it has started.
    test: ["-f", "--seccomp-bpf", "-qq", "-e", "trace=write", "-o", "/dev/null", "true"],
  });
  return found && tracer(found);
}

function tracer({ program, env }: Program): Tracer {
  return {
    // Paths of descriptors, and all bytes of all strings as hexadecimal numbers.
    command: (log) => [
      ...[program, "-f", "--seccomp-bpf", "-y", "-qq", "-xx", "-s", "1000000"],
      ...["-e", `trace=${CALLS.join(",")}`, "-e", "signal=none", "-o", log],
    ],
    env,
  };
}

/** The calls of a trace that concern a directory, or what is in it. */
export function readTrace(text: string, directory: string): Call[] {
  const mark = toHex(directory);
  const begun = new Map<string, { readonly words: string; readonly begin: number }>();
  const calls: Call[] = [];
  let place = 0;
  for (const line of text.split("\n")) {
    place++;
    const pid = line.slice(0, line.indexOf(" "));
    const rest = line.slice(pid.length).trimStart();
    if (rest.startsWith("<... ")) {
      const call = begun.get(pid);
      begun.delete(pid);
      if (call) add(call.words, resultOf(rest), call.begin);
    } else if (rest.includes(mark)) {
      if (rest.endsWith("<unfinished ...>")) begun.set(pid, { words: rest, begin: place });
      else add(rest, resultOf(rest), place);
    }
  }
  return calls;

  function add(words: string, result: number, begin: number): void {
    const call = result < 0 ? null : readCall(words, result, { begin, end: place });
    if (call && `${call.path}/`.startsWith(`${directory}/`)) calls.push(call);
  }
}

function resultOf(line: string): number {
  return Number(/\) += (-?\d+)/.exec(line.slice(line.lastIndexOf(")")))?.[1] ?? -1);
}

function readCall(
  words: string,
  result: number,
  place: { begin: number; end: number },
): Call | null {
  const name = words.slice(0, words.indexOf("("));
  switch (name) {
    case "open":
    case "openat":
    case "creat": {
      const isNew = name === "creat" || /\bO_CREAT\b/.test(words);
      return isNew ? { type: "create", path: stringIn(words), ...place } : null;
    }
    case "mkdir":
    case "mkdirat":
      return { type: "mkdir", path: stringIn(words), ...place };
    case "unlink":
    case "unlinkat":
      return { type: "unlink", path: stringIn(words), ...place };
  }
  const path = descriptorIn(words);
  // It has no name any more, so nobody will find what is written there.
  if (path === null) return null;
  const numbers = words.replace(/"[^"]*"/, "").match(/, -?\d+/g)?.map((n) => Number(n.slice(2)));
  switch (name) {
    case "fsync":
    case "fdatasync":
      return { type: "sync", path, ...place };
    case "ftruncate":
      return { type: "truncate", path, size: numbers![0]!, ...place };
    default: {
      const bytes = bytesIn(words).subarray(0, result);
      const at = name === "pwrite64" ? numbers![1]! : null;
      return { type: "write", path, at, bytes, ...place };
    }
  }
}

/** The first string: the path of a call without a descriptor. */
function stringIn(words: string): string {
  return new TextDecoder().decode(bytesIn(words));
}

function bytesIn(words: string): Uint8Array {
  const begin = words.indexOf('"') + 1;
  return fromHex(words.slice(begin, words.indexOf('"', begin)));
}

function descriptorIn(words: string): string | null {
  const [, path, deleted] = /^\w+\(\d+<((?:\\x[0-9a-f]{2})+)>(\(deleted\))?/.exec(words) ?? [];
  return path === undefined || deleted !== undefined
    ? null
    : new TextDecoder().decode(fromHex(path));
}

function toHex(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

function fromHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 4);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = parseInt(text.slice(index * 4 + 2, index * 4 + 4), 16);
  }
  return bytes;
}
