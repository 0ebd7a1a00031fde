/**
 * What is wrong with a store after a power cut.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { MissingStoreError } from "../../../src/errors.ts";
import { openSqlite } from "../../store/open_sqlite.ts";
import { DIARY, expectations, type Expected, SAID } from "./script.ts";

/** What the world had seen by the moment of a cut. */
export interface Seen {
  /** What users had been told. */
  readonly said: readonly string[];
  /** The jobs whose command had come to its end. */
  readonly ended: readonly string[];
}

/** What a look at a store has found. */
export interface Verdict {
  readonly faults: readonly string[];
  /** What was looked for. */
  readonly checked: number;
  /** What users had been told, and is not so. */
  readonly lost: number;
  /** 1 if the store is damaged. */
  readonly corrupt: number;
  /** Jobs that had ended, and have to run again. */
  readonly undone: number;
}

/** Reads the lines of the files to which everybody wrote. */
export function seenIn(read: (name: string) => string): Seen {
  const linesOf = (name: string) => read(name).split("\n").slice(0, -1);
  return { said: linesOf(SAID), ended: linesOf(DIARY) };
}

/** Judges a store that nobody has open, as the next `queuectl` would find it. */
export async function judge(store: string, seen: Seen): Promise<Verdict> {
  const expected = expectations(seen.said);
  const none = { checked: expected.length, lost: 0, corrupt: 0, undone: 0 };
  try {
    // As the next command does: it may find what a first command had half made.
    await using _open = await openSqlite(store, { create: false });
    return { ...none, ...judgeOpened(store, expected, seen) };
  } catch (error) {
    if (error instanceof MissingStoreError && expected.length === 0) return { ...none, faults: [] };
    const [corrupt, lost] = error instanceof MissingStoreError ? [0, expected.length] : [1, 0];
    return {
      ...none,
      corrupt,
      lost,
      faults: [error instanceof Error ? error.message : `${error}`],
    };
  }
}

function judgeOpened(store: string, expected: readonly Expected[], seen: Seen) {
  const database = new DatabaseSync(store);
  try {
    const damage = [
      ...database.prepare("PRAGMA integrity_check").all().map((row) => `${row.integrity_check}`),
      ...database.prepare("PRAGMA foreign_key_check").all().map((row) => JSON.stringify(row)),
    ].filter((line) => line !== "ok");
    const lost = expected.filter(({ sql, values }) =>
      Object.values(database.prepare(sql).get(...values)!)[0] !== 1
    );
    const completed = new Set(
      database.prepare("SELECT id FROM job WHERE state = 'completed'").all().map(({ id }) => id),
    );
    const ended = new Set(seen.ended);
    const ghosts = [...completed].filter((id) => id !== "moved" && !ended.has(`${id}`));
    return {
      lost: lost.length,
      corrupt: damage.length > 0 ? 1 : 0,
      undone: [...ended].filter((id) => !completed.has(id)).length,
      faults: [
        ...damage,
        ...lost.map(({ said }) => `"${said}" was said, and is not so`),
        ...ghosts.map((id) => `${id} is completed and did not run`),
      ],
    };
  } finally {
    database.close();
  }
}
