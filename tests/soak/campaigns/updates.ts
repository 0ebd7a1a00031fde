/**
 * Stores that many processes make or update at the same moment, while some of them are killed.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../src/store/sqlite/migrations.ts";
import { openSqlite } from "../../store/open_sqlite.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { openAtOnce } from "../../store/sqlite/openers.ts";
import { makeStoreOf } from "../../store/sqlite/schemas/schemas.ts";
import { NEXT } from "../../store/sqlite/steps.ts";
import type { Campaign, Findings } from "../campaign.ts";
import { Random } from "../random.ts";

/** How large a campaign is. */
export interface UpdatesOptions {
  readonly rounds: number;
  /** How many open the store at once. */
  readonly processes: number;
  readonly seed: number;
}

/** Half of the processes are killed within so many milliseconds, or all within fewer. */
const KILL_WITHIN = 60;
const KILL_EARLY = 15;

/**
 * Runs the campaign: rounds in which a store is made, in which one of the first release is updated, and in
 * which the programs before and after an update meet.
 */
export async function runUpdates(
  { rounds, processes, seed }: UpdatesOptions,
  progress: (sentence: string) => void = () => {},
): Promise<Findings> {
  const random = new Random(seed);
  const figures = { rounds, opened: 0, kills: 0, refused: 0, "left old": 0 };
  const faults: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    await using dir = await tempDir();
    const path = dir.join("q.db");
    const mode = (["update", "mixed", "make"] as const)[round % 3]!;
    if (mode !== "make") makeStoreOf(1, path);
    // At times nobody may be left who finishes it.
    const [chance, within] = random.chance(0.3) ? [1, KILL_EARLY] : [0.5, KILL_WITHIN];
    const times = Array.from(
      { length: processes },
      () => random.chance(chance) ? random.next() * within : null,
    );
    const killAfter = (index: number) => times[index]!;
    const { stored, killed, failures } = await openAtOnce(path, { processes, mode, killAfter });
    figures.opened += stored.length;
    figures.kills += killed;
    const wrong = failures.filter((failure) =>
      mode !== "mixed" || !failure.includes("NewerStoreError")
    );
    figures.refused += failures.length - wrong.length;
    faults.push(...wrong.map((failure) => `round ${round}: a process failed: ${failure}`));
    const found = await inspect(path, mode, stored);
    if (found.wasOld) figures["left old"]++;
    faults.push(...found.faults.map((fault) => `round ${round}: ${fault}`));
    if (round % 10 === 0) progress(`${round} of ${rounds} rounds`);
  }
  return { figures, faults };
}

/** Opens the store as the program would that comes next. */
async function inspect(path: string, mode: "make" | "update" | "mixed", stored: readonly string[]) {
  const faults: string[] = [];
  const before = mode === "make" ? 0 : 16;
  const wasOld = mode !== "make" && versionsOf(path).length === 1;
  if (wasOld && mode === "update" && stored.length > 0) {
    faults.push("a job was accepted by a store that was not updated");
  }
  const migrations = mode === "make" ? MIGRATIONS : [...MIGRATIONS, ...NEXT];
  await using store = await openSqlite(path, { create: true, migrations });
  const ids = new Set((await store.jobs({})).map(({ id }) => id));
  for (const id of stored) if (!ids.has(id)) faults.push(`the accepted job ${id} is lost`);
  if (ids.size < before + stored.length) faults.push(`${ids.size} jobs are left`);
  const versions = versionsOf(path);
  if (versions.some((version, index) => version !== index + 1)) faults.push(`steps ${versions}`);
  if (versions.length !== migrations.length) faults.push(`it ends with schema ${versions.length}`);
  if (ask(path, "PRAGMA integrity_check")[0]?.integrity_check !== "ok") {
    faults.push("it is damaged");
  }
  return { faults, wasOld };
}

function versionsOf(path: string): unknown[] {
  return ask(path, "SELECT version FROM migration ORDER BY version").map(({ version }) => version);
}

function ask(path: string, sql: string): Record<string, unknown>[] {
  const connection = new DatabaseSync(path);
  try {
    return connection.prepare(sql).all();
  } finally {
    connection.close();
  }
}

/** 60 rounds. */
export const updates: Campaign = {
  name: "updates",
  title:
    "Eight processes make or update a store at the same moment, and half or all of them are killed",
  run: ({ seed, scale, progress }) =>
    runUpdates({ rounds: Math.ceil(60 * scale), processes: 8, seed }, progress),
};
