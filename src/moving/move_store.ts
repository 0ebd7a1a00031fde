/**
 * Moves all of a store to another one. It may be killed at any moment: what was stored stays, the next run goes on from
 * there, and until it is done nobody else can use either store.
 *
 * The order of the steps makes that so: first the source is marked, so that nothing in it changes any more; then
 * the target; each portion of rows is stored together with a note of how far it goes; only when both were compared
 * is the source's mark made one for ever, and only after that is the target's taken off.
 *
 * @module
 */

import { ConflictError, MissingStoreError, UsageError } from "../errors.ts";
import { movedError, notEmptyError } from "../store/moved.ts";
import { FIRST_PLACE, type Mark, type Relocation } from "../store/relocation.ts";
import type { Store } from "../store/store.ts";
import { compareStores } from "./compare_stores.ts";
import { clearAway, refuseLiving } from "./workers.ts";

/** What is done to rows. */
export type MovePhase = "moving" | "comparing";

/** How a store is moved. */
export interface MoveOptions {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Names a move. */
  newId(): string;
  /** Is told how far it is. */
  progress(phase: MovePhase, rows: number, total: number): void;
}

/** What a move did. */
export interface Moved {
  /** Where the store is now, for people. */
  readonly location: string;
  /** How many jobs the store has. */
  readonly jobs: number;
  /** It goes on with one that was begun before. */
  readonly isResumed: boolean;
}

/** One side of a move. */
interface Side {
  readonly store: Store;
  readonly relocation: Relocation;
}

/** A side that is marked. */
interface Marked extends Side {
  mark: Mark;
}

/**
 * Moves a store, or goes on with that.
 *
 * @param openTarget opens the other one; both must be opened so that a mark is no obstacle
 * @throws {ConflictError} if a worker runs on either, the target is not empty, or either has been moved otherwise
 */
export async function moveStore(
  from: Store,
  openTarget: (options: { readonly create: boolean }) => Promise<Store>,
  options: MoveOptions,
): Promise<Moved> {
  const source = await sideOf(from);
  const begun = await source.relocation.mark();
  if (begun?.role === "target") throw conflict(from, begun);
  // Before the other one is made.
  if (begun === null) await refuseLiving(from);
  await using to = await openTarget({ create: begun?.isDone !== true }).catch((error) => {
    throw begun !== null && error instanceof MissingStoreError ? conflict(from, begun) : error;
  });
  if (to.directory === from.directory) {
    throw new UsageError(`The store ${from.location} cannot be moved to itself`);
  }
  const target = await sideOf(to);
  const half = await target.relocation.mark();
  const isOver = begun !== null && begun.isDone && half === null && begun.other === to.location;
  if (!isOver) await move(source, begun, target, half, options);
  return { location: to.location, jobs: await to.count({}), isResumed: begun !== null };
}

async function sideOf(store: Store): Promise<Side> {
  return { store, relocation: await store.relocation() };
}

async function move(
  source: Side,
  begun: Mark | null,
  target: Side,
  half: Mark | null,
  options: MoveOptions,
): Promise<void> {
  await refuseOther(source, begun, target, half);
  const from = begun === null ? await seal(source, target, options) : { ...source, mark: begun };
  const to = half === null ? await prepare(target, from, options) : { ...target, mark: half };
  const total = await source.relocation.countRows();
  await copyRows(from, to, (rows) => options.progress("moving", rows, total));
  const queues = await source.store.queues();
  await to.relocation.complete(to.mark, queues.map(({ queue }) => queue));
  await compareStores(from.store, to.store, (rows) => options.progress("comparing", rows, total));
  if (!from.mark.isDone) await remark(from, { isDone: true, at: options.now() });
  await to.relocation.end(to.mark);
}

/** What is marked by another move, or begun elsewhere, is not for this one. */
async function refuseOther(
  source: Side,
  begun: Mark | null,
  target: Side,
  half: Mark | null,
): Promise<void> {
  if (half !== null) {
    if (half.role === "target" && half.id === begun?.id) return;
    const isOurs = half.role === "target" && half.other === source.store.location;
    throw isOurs ? leftOver(target.store, half) : conflict(target.store, half);
  }
  if (begun !== null && (begun.isDone || begun.other !== target.store.location)) {
    throw conflict(source.store, begun);
  }
  const contents = await target.relocation.contents();
  if (contents !== null) throw notEmptyError(target.store.location, contents);
}

function conflict({ location }: Store, mark: Mark): ConflictError {
  return new ConflictError(movedError(location, mark).message);
}

/** Its source was given back to work, and is not what it was. */
function leftOver({ location }: Store, { other }: Mark): ConflictError {
  return new ConflictError(
    `The store ${location} is left over from a move of ${other} that was given up: remove it, or give another one`,
  );
}

/** Nobody works on the source any more; what workers that died have left is cleared away first. */
async function seal(source: Side, target: Side, { now, newId }: MoveOptions): Promise<Marked> {
  await refuseLiving(target.store);
  const gone = await clearAway(source.store);
  const mark = newMark("source", newId(), target.store, now());
  await source.relocation.begin(mark, gone);
  return { ...source, mark };
}

async function prepare(target: Side, source: Marked, { now }: MoveOptions): Promise<Marked> {
  const gone = await refuseLiving(target.store);
  const mark = newMark("target", source.mark.id, source.store, now());
  await target.relocation.begin(mark, gone);
  return { ...target, mark };
}

function newMark(role: Mark["role"], id: string, other: Store, at: number): Mark {
  const place = role === "target" ? FIRST_PLACE : null;
  return { id, role, other: other.location, at, isDone: false, place, rows: 0 };
}

async function remark(side: Marked, changes: Partial<Mark>): Promise<void> {
  const mark = { ...side.mark, ...changes };
  await side.relocation.proceed(side.mark, mark);
  side.mark = mark;
}

/** While a portion is stored, the next one is read. */
async function copyRows(
  { relocation }: Marked,
  target: Marked,
  progress: (rows: number) => void,
): Promise<void> {
  let { place } = target.mark;
  let reading = place === null ? null : relocation.read(place);
  while (place !== null && reading !== null) {
    const { rows, next } = await reading;
    reading = next === null ? null : relocation.read(next);
    // If the portion cannot be stored, that is the error.
    reading?.catch(() => {});
    const mark = {
      ...target.mark,
      place: next,
      rows: target.mark.rows + rows.length,
      isDone: next === null,
    };
    await target.relocation.write(rows, target.mark, mark);
    target.mark = mark;
    place = next;
    progress(mark.rows);
  }
}

/** Gives a store that was moved, or was to be, back to work. */
export async function reopenStore(store: Store): Promise<Mark> {
  const relocation = await store.relocation();
  const mark = await relocation.mark();
  if (mark === null) {
    throw new ConflictError(`The store ${store.location} was not moved: there is nothing to do`);
  }
  if (mark.role === "target") throw conflict(store, mark);
  await relocation.end(mark);
  return mark;
}
