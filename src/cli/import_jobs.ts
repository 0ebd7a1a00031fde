/**
 * From a file of records that is valid to jobs in a store.
 *
 * @module
 */

import {
  FiringTakenError,
  IdTakenError,
  QueuectlError,
  UniqueKeyTakenError,
  UnknownParentError,
} from "../errors.ts";
import type { RecordSurroundings } from "../job/read_record.ts";
import type { MovedJob } from "../job/record.ts";
import type { Imported } from "../store/importing.ts";
import { MAX_BATCH, type Store } from "../store/store.ts";
import { atLine, parseRecord, type Survey } from "./import_survey.ts";
import { type Place, type RecordFile, START } from "./record_file.ts";

/** So many ids are looked up in one reading of the store. */
const LOOKUPS = 1000;

/** How jobs are imported. */
export interface ImportSettings {
  /** Leave jobs out whose id is taken. */
  readonly skipExisting: boolean;
}

/** What is to be imported. */
export interface ImportRequest extends ImportSettings {
  readonly survey: Survey;
  readonly surroundings: RecordSurroundings;
  /** Is told how many jobs are done. */
  progress(jobs: number): void;
}

/** A store in which nothing is taken: one that is yet to be made. */
export const NO_STORE: Pick<Store, "findTaken"> = {
  findTaken: ({ ids, uniqueKeys, firings }) =>
    Promise.resolve({
      ids: ids.map(() => false),
      uniqueKeys: uniqueKeys.map(() => null),
      firings: firings.map(() => null),
    }),
};

/**
 * Finds what of a file is in the way of a store's jobs, or of what they lack.
 *
 * @returns the ids that are in the store already
 * @throws {ConflictError} if an id, a unique key or a firing is taken; it names the line
 * @throws {NotFoundError} if a parent is neither in the store nor in the file
 */
export async function checkAgainst(
  store: Pick<Store, "findTaken">,
  survey: Survey,
  { skipExisting }: ImportSettings,
): Promise<ReadonlySet<string>> {
  const existing = new Set<string>();
  const nothing = { ids: [], uniqueKeys: [], firings: [] };
  for (const ids of portionsOf([...survey.lines.keys()])) {
    const taken = await store.findTaken({ ...nothing, ids });
    for (const [i, id] of ids.entries()) if (taken.ids[i]) existing.add(id);
  }
  const [first] = existing;
  if (first !== undefined && !skipExisting) throw taken(first, survey);
  for (const needs of portionsOf(survey.uniqueKeys.filter(({ id }) => !existing.has(id)))) {
    const uniqueKeys = needs.map(({ value }) => value);
    const { uniqueKeys: holders } = await store.findTaken({ ...nothing, uniqueKeys });
    for (const [i, { id, line, value: key }] of needs.entries()) {
      const holder = holders[i]!;
      if (holder !== null) throw atLine(new UniqueKeyTakenError({ id, key, holder }), line);
    }
  }
  for (const needs of portionsOf(survey.firings.filter(({ id }) => !existing.has(id)))) {
    const firings = needs.map(({ value }) => value);
    const { firings: holders } = await store.findTaken({ ...nothing, firings });
    for (const [i, { id, line, value: { schedule } }] of needs.entries()) {
      const holder = holders[i]!;
      if (holder !== null) throw atLine(new FiringTakenError({ id, schedule, holder }), line);
    }
  }
  await refuseUnknownParents(store, survey, existing);
  return existing;
}

async function refuseUnknownParents(
  store: Pick<Store, "findTaken">,
  { lines, waiting }: Survey,
  existing: ReadonlySet<string>,
): Promise<void> {
  const elsewhere = waiting.filter(({ id }) => !existing.has(id)).flatMap(({ id, line, after }) =>
    after.filter((parent) => !lines.has(parent.id)).map((parent) => ({ id, line, parent }))
  );
  for (const portion of portionsOf(elsewhere)) {
    const ids = portion.map(({ parent }) => parent.id);
    const { ids: known } = await store.findTaken({ ids, uniqueKeys: [], firings: [] });
    for (const [i, { id, line, parent }] of portion.entries()) {
      if (!known[i]) throw atLine(new UnknownParentError(id, parent.id), line);
    }
  }
}

function taken(id: string, { lines }: Survey): IdTakenError {
  const error = atLine(new IdTakenError(id), lines.get(id));
  error.message += "; to leave out what exists: --skip-existing";
  return error;
}

/**
 * Stores the jobs, in transactions of at most {@link MAX_BATCH}, each read from the file as it is written.
 *
 * @throws {QueuectlError} if the store or the file has changed since it was checked; it says how many jobs
 * are in and from which line to go on
 */
export async function importAll(
  store: Store,
  file: RecordFile,
  { survey, surroundings, skipExisting, progress }: ImportRequest,
): Promise<Imported> {
  let imported = 0;
  let skipped = 0;
  for (let from: Place | null = START; from !== null && imported + skipped < survey.jobs;) {
    const batch: Batch = new Batch(file, from, surroundings);
    try {
      const done = await store.importJobs(batch, { skipExisting });
      imported += done.imported;
      skipped += done.skipped;
    } catch (error) {
      throw located(error, { survey, imported, from });
    }
    progress(imported + skipped);
    from = batch.next;
  }
  return { imported, skipped };
}

/** The jobs of one transaction. They can be gone through again. */
class Batch implements Iterable<MovedJob> {
  readonly #file: RecordFile;
  readonly #from: Place;
  readonly #surroundings: RecordSurroundings;
  /** Where the next batch begins, once this one has been gone through; null at the end of the file. */
  next: Place | null = null;

  constructor(file: RecordFile, from: Place, surroundings: RecordSurroundings) {
    this.#file = file;
    this.#from = from;
    this.#surroundings = surroundings;
  }

  *[Symbol.iterator](): Generator<MovedJob> {
    let jobs = 0;
    this.next = null;
    for (const record of this.#file.lines(this.#from)) {
      if (jobs++ === MAX_BATCH) {
        this.next = record;
        return;
      }
      yield parseRecord(record, this.#surroundings).moved;
    }
  }
}

/** Says which line is meant, and how far the file came. */
function located(
  error: unknown,
  { survey, imported, from }: {
    readonly survey: Survey;
    readonly imported: number;
    readonly from: Place;
  },
): unknown {
  if (!(error instanceof QueuectlError)) return error;
  if (
    error instanceof IdTakenError || error instanceof UniqueKeyTakenError ||
    error instanceof FiringTakenError
  ) atLine(error, survey.lines.get(error.id));
  if (from.line > 1) error.message += `; ${imported} jobs are in, go on from line ${from.line}`;
  return error;
}

function* portionsOf<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < list.length; from += LOOKUPS) yield list.slice(from, from + LOOKUPS);
}
