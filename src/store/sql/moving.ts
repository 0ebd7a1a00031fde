/**
 * Jobs that come from another store: stored as they are, with their attempts and their output. Many are stored together:
 * where each statement is a round trip, one job after the other takes long.
 *
 * @module
 */

import { FiringTakenError, IdTakenError, UniqueKeyTakenError } from "../../errors.ts";
import type { MovedJob } from "../../job/record.ts";
import { isFinal } from "../../job/state.ts";
import type { Imported, ImportOptions, Taken, Wanted } from "../importing.ts";
import { storeMoved } from "./moved_rows.ts";
import { type Holder, holdersOf } from "./unique_key.ts";
import { all, type Work } from "./work.ts";

/** What of all that is wanted is taken already. */
export function* findTaken({ ids, uniqueKeys, firings }: Wanted): Work<Taken> {
  const found = yield* lookUp({ ids, uniqueKeys, firings });
  return {
    ids: ids.map((id) => found.ids.has(id)),
    uniqueKeys: uniqueKeys.map((key) => found.holders.get(key) ?? null),
    firings: firings.map((firing) => found.firings.get(nameOf(firing)) ?? null),
  };
}

/** What is taken, of all that was asked for. */
interface Found {
  readonly ids: Set<string>;
  /** By unique key. */
  readonly holders: Map<string, Holder>;
  /** The id of the job, by {@linkcode nameOf} the firing. */
  readonly firings: Map<string, string>;
}

function* lookUp({ ids, uniqueKeys, firings }: Wanted): Work<Found> {
  const holders = yield* holdersOf(uniqueKeys);
  const found: Found = { ids: new Set(), holders, firings: new Map() };
  const known = ids.length === 0 ? [] : yield* all(
    "SELECT id FROM job WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify(ids),
  );
  for (const { id } of known) found.ids.add(id as string);
  for (const [schedule, fireTimes] of Map.groupBy(firings, ({ schedule }) => schedule)) {
    const fired = yield* all(
      `SELECT id, fire_time FROM job WHERE schedule = ?
        AND fire_time IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`,
      schedule,
      JSON.stringify(fireTimes.map(({ fireTime }) => fireTime)),
    );
    for (const { id, fire_time: fireTime } of fired) {
      found.firings.set(nameOf({ schedule, fireTime: fireTime as number }), id as string);
    }
  }
  return found;
}

function nameOf({ schedule, fireTime }: Wanted["firings"][number]): string {
  return `${fireTime} ${schedule}`;
}

/** Within a transaction: stores jobs as they are; see `Store.importJobs` for what is thrown. */
export function* importJobs(
  jobs: Iterable<MovedJob>,
  { skipExisting }: ImportOptions,
): Work<Imported> {
  let imported = 0;
  let skipped = 0;
  for (const crowd of crowdsOf(jobs)) {
    const taken = yield* lookUp(needsOf(crowd));
    const fresh: MovedJob[] = [];
    for (const moved of crowd) {
      if (!taken.ids.has(moved.job.id)) {
        take(moved, taken);
        fresh.push(moved);
      } else if (skipExisting) skipped++;
      else throw new IdTakenError(moved.job.id);
    }
    yield* storeMoved(fresh);
    imported += fresh.length;
  }
  return { imported, skipped };
}

/** So many jobs are stored together, or fewer large ones: about so many characters and bytes of theirs. */
const TOGETHER = 256;
const TOGETHER_SIZE = 4 * 1024 * 1024;

function* crowdsOf(jobs: Iterable<MovedJob>): Generator<readonly MovedJob[]> {
  let crowd: MovedJob[] = [];
  let size = 0;
  for (const moved of jobs) {
    crowd.push(moved);
    size += sizeOf(moved);
    if (crowd.length < TOGETHER && size < TOGETHER_SIZE) continue;
    yield crowd;
    [crowd, size] = [[], 0];
  }
  if (crowd.length > 0) yield crowd;
}

function sizeOf({ job, stdin, output }: MovedJob): number {
  const bytes = output.reduce((sum, piece) => sum + piece.bytes.length, 0);
  return job.command.length + (stdin?.length ?? 0) + bytes;
}

function needsOf(crowd: readonly MovedJob[]): Wanted {
  const jobs = crowd.map(({ job }) => job);
  return {
    ids: jobs.map(({ id }) => id),
    uniqueKeys: jobs.filter(({ state }) => !isFinal(state)).flatMap(({ uniqueKey }) =>
      uniqueKey === null ? [] : [uniqueKey]
    ),
    firings: jobs.flatMap(({ schedule, fireTime }) =>
      schedule === null ? [] : [{ schedule, fireTime: fireTime! }]
    ),
  };
}

/** What a job takes, others cannot have. */
function take({ job }: MovedJob, taken: Found): void {
  const { id, state, uniqueKey: key, schedule, fireTime } = job;
  if (key !== null && !isFinal(state)) {
    const holder = taken.holders.get(key);
    if (holder !== undefined) throw new UniqueKeyTakenError({ id, key, holder });
    taken.holders.set(key, { id, state });
  }
  if (schedule !== null) {
    const firing = nameOf({ schedule, fireTime: fireTime! });
    const holder = taken.firings.get(firing);
    if (holder !== undefined) throw new FiringTakenError({ id, schedule, holder });
    taken.firings.set(firing, id);
  }
  taken.ids.add(id);
}
