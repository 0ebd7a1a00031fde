/**
 * The program, its runtime and the machine, as far as workers depend on them.
 *
 * @module
 */

import { type Check, type Finding, problem, warning } from "../store/examination.ts";
import type { Store } from "../store/store.ts";

/** The oldest Deno that works. */
const OLDEST_DENO = [2, 4, 2] as const;
/** A socket's path has at most so many bytes; the name of a worker takes up to these. */
const MAX_SOCKET_PATH = 107;
const SOCKET_NAME = "/worker-000000.sock".length;
/** Each slot takes about eight descriptors. */
const FEW_DESCRIPTORS = 256;

/** How the surroundings are seen; for tests. */
export interface Senses {
  readonly denoVersion: string;
  /** What kind of file a path leads to, null if it cannot be seen. */
  realPath(path: string): string | null;
  read(path: string): string | null;
  env(name: string): string | undefined;
}

/** What this process sees. */
export const SENSES: Senses = {
  denoVersion: Deno.version.deno,
  realPath: (path) => orNull(() => Deno.realPathSync(path)),
  read: (path) => orNull(() => Deno.readTextFileSync(path)),
  env: (name) => Deno.env.get(name),
};

/** The program and what runs it. */
export async function programCheck(senses = SENSES): Promise<Check> {
  const { default: { version } } = await import("../../deno.json", { with: { type: "json" } });
  const findings = isOlder(senses.denoVersion)
    ? [problem(
      `Deno ${senses.denoVersion} is older than ${
        OLDEST_DENO.join(".")
      }, with which queuectl works`,
      "To update it: deno upgrade",
    )]
    : [];
  return { name: "program", text: `queuectl ${version}, Deno ${senses.denoVersion}`, findings };
}

function isOlder(version: string): boolean {
  const numbers = version.split(/[.+-]/).map(Number);
  const differing = OLDEST_DENO.findIndex((number, i) => numbers[i] !== number);
  return differing >= 0 && numbers[differing]! < OLDEST_DENO[differing]!;
}

/** What jobs and their rescue need of the machine. */
export function machineCheck(
  { directory, isShared }: Pick<Store, "directory" | "isShared">,
  senses = SENSES,
): Check {
  const shell = senses.realPath("/bin/sh");
  const findings: Finding[] = [];
  if (shell === null) {
    findings.push(problem("There is no /bin/sh, which runs the jobs", "Install a POSIX shell"));
  }
  if (senses.realPath("/usr/bin/env") === null) {
    findings.push(problem(
      "There is no /usr/bin/env, which sets the variables of jobs",
      "Install coreutils, or busybox",
    ));
  }
  if (senses.read("/proc/self/stat") === null) {
    findings.push(problem(
      "/proc cannot be read, so workers cannot see processes, and end nothing of what a job started",
      "Mount it: mount -t proc proc /proc",
    ));
  }
  const bytes = new TextEncoder().encode(directory).length + SOCKET_NAME;
  // Where the store is on a server, that rings.
  if (!isShared && bytes > MAX_SOCKET_PATH) {
    findings.push(warning(
      `The path of the store is too long for sockets (by ${bytes - MAX_SOCKET_PATH} bytes), so ` +
        "workers look for work once in a poll_interval instead of being woken",
      "Move the store to a shorter path while no worker runs",
    ));
  }
  const limit = Number(
    /^Max open files\s+(\d+)/m.exec(senses.read("/proc/self/limits") ?? "")?.[1] ?? Infinity,
  );
  if (limit < FEW_DESCRIPTORS) {
    findings.push(warning(
      `A process may open only ${limit} files, too few for many slots`,
      "Before a worker starts: ulimit -n 4096",
    ));
  }
  const zone = senses.env("TZ")?.replace(/^:/, "");
  if (zone && !isTimezone(zone)) {
    findings.push(warning(
      `TZ is ${zone}, which is no time zone that is known here: times without a zone count as UTC`,
      "Give TZ a name such as Europe/Berlin",
    ));
  }
  return { name: "machine", text: `/bin/sh is ${shell}, /proc can be read`, findings };
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // A file, such as /etc/localtime, or a rule, such as CET-1CEST.
    return name.startsWith("/") || /^[A-Za-z<>+-]{3,}[+-]?\d/.test(name);
  }
}

function orNull<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    return null;
  }
}
