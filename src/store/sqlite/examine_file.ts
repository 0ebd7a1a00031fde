/**
 * The file of a store: its versions, where it is, its size and its log.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { Patient } from "./examine.ts";
import { storeFile } from "./location.ts";
import { MIGRATIONS } from "./migrations.ts";
import { networkMount } from "./network_mount.ts";

/** Bytes: workers with the default settings stay below it. */
const LARGE_WAL = 80_000_000;
/** Bytes: a file gives nothing back to the system by itself. */
const MUCH_FREE = 64_000_000;

/** What wrote this file, and what reads it. */
export async function versionCheck(
  { ask }: Pick<Patient, "ask">,
  isExecutable = Deno.build.standalone,
): Promise<Check> {
  const { sqlite, schema } = await ask((db) =>
    db.get("SELECT sqlite_version() AS sqlite, (SELECT max(version) FROM migration) AS schema")!
  );
  const findings = hasWalResetBug(String(sqlite))
    ? [warning(
      `SQLite ${sqlite} may damage a store if two programs write to it and tidy its log at the same ` +
        "moment, which is rare: 3.51.3 does not",
      isExecutable
        ? "Update queuectl, or build it with a newer Deno"
        : "To update the Deno that runs queuectl: deno upgrade",
    )]
    : [];
  const text = `SQLite ${sqlite}, schema ${schema} of ${MIGRATIONS.length}`;
  return { name: "versions", text, findings };
}

/**
 * The WAL-reset bug (https://www.sqlite.org/wal.html#walresetbug): 3.7.0 to 3.51.2, mended in 3.51.3 and,
 * for older lines, in 3.44.6 and 3.50.7.
 */
export function hasWalResetBug(version: string): boolean {
  const [, minor = 0, patch = 0] = version.split(".").map(Number);
  if (!version.startsWith("3.") || minor < 7 || minor > 51) return false;
  const mended: Readonly<Record<number, number>> = { 44: 6, 50: 7, 51: 3 };
  return patch < (mended[minor] ?? Infinity);
}

/** Where the file is, and how it has grown. */
export async function fileCheck(
  { ask, path, options: { command } }: Patient,
  mounts: () => string = () => Deno.readTextFileSync("/proc/self/mountinfo"),
): Promise<Check> {
  const findings: Finding[] = [];
  const facts = await ask((db) =>
    db.get(
      `SELECT journal_mode, page_count * page_size AS size, freelist_count * page_size AS free
      FROM pragma_journal_mode, pragma_page_count, pragma_page_size, pragma_freelist_count`,
    )!
  );
  const size = Number(facts.size);
  const free = Number(facts.free);
  const real = storeFile(path);
  const network = networkTypeOf(Deno.realPathSync(path), mounts);
  if (network !== null) {
    findings.push(problem(
      `The store is on a network file system (${network}), where SQLite's locks are not safe`,
      `Move it to a local disk: ${quoteWords([...command, "export", "--output"])} writes its jobs`,
    ));
  }
  if (facts.journal_mode !== "wal") {
    const mend = quoteWords([...command, "status"]);
    findings.push(warning(
      `The journal mode is ${facts.journal_mode}, so readers and writers wait for each other`,
      `To set it to WAL: ${mend}`,
    ));
  }
  const wal = sizeOf(`${real}-wal`);
  if (wal > LARGE_WAL) {
    const mend = quoteWords(["sqlite3", path, "PRAGMA wal_checkpoint(TRUNCATE)"]);
    findings.push(warning(
      `The log ${real}-wal has ${megabytes(wal)}: some program reads the store for long, or did`,
      `To fold it into the store: ${mend}`,
    ));
  }
  if (free > MUCH_FREE && free > size / 2) {
    const vacuum = quoteWords(["sqlite3", path, "VACUUM"]);
    findings.push(warning(
      `${megabytes(free)} of the ${
        megabytes(size)
      } of the store are empty; new jobs will fill them`,
      `To give them back: ${quoteWords([...command, "worker", "stop"])} && ${vacuum}`,
    ));
  }
  const text = `${megabytes(size)} (${megabytes(free)} of it empty), its log ${megabytes(wal)}`;
  return { name: "file", text, findings };
}

function networkTypeOf(path: string, mounts: () => string): string | null {
  try {
    return networkMount(mounts(), path);
  } catch {
    // Not Linux: it cannot be seen.
    return null;
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
