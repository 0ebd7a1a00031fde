/**
 * Whether a store holds all of another one, and nothing else.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { QueueInfo } from "../store/queues.ts";
import { type Cell, type Cells, FIRST_PLACE, type Relocation } from "../store/relocation.ts";
import type { Store } from "../store/store.ts";

/**
 * Compares two stores row by row, and how many jobs of each queue are in which state.
 *
 * @param progress is told how many rows have been compared
 * @throws {StoreError} if they differ; it names the first difference
 */
export async function compareStores(
  source: Store,
  target: Store,
  progress: (rows: number) => void,
): Promise<void> {
  const one = await source.relocation();
  const theirs = rowsOf(await target.relocation())[Symbol.asyncIterator]();
  let compared = 0;
  for await (const { table, row } of rowsOf(one)) {
    const other = (await theirs.next()).value;
    if (other?.table !== table || !areEqual(row, other.row)) {
      throw different(source, target, `the ${one.nameOf(table, row)}`);
    }
    if (++compared % 1000 === 0) progress(compared);
  }
  const more = await theirs.next();
  if (!more.done) {
    throw different(source, target, `the ${one.nameOf(more.value.table, more.value.row)}`);
  }
  const queue = differentQueue(await source.queues(), await target.queues());
  if (queue !== null) throw different(source, target, `the counters of queue ${queue}`);
}

/** One after another, however large the portions are in which they are read. */
async function* rowsOf(
  relocation: Relocation,
): AsyncGenerator<{ readonly table: string; readonly row: Cells }> {
  for (let place: typeof FIRST_PLACE | null = FIRST_PLACE; place !== null;) {
    const { table }: typeof FIRST_PLACE = place;
    const { rows, next } = await relocation.read(place);
    for (const row of rows) yield { table, row };
    place = next;
  }
}

function areEqual(a: Cells, b: Cells): boolean {
  return a.length === b.length && a.every((cell, i) => isSame(cell, b[i]!));
}

function isSame(a: Cell, b: Cell): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The name of a queue that is not the same in both; null: all are. */
function differentQueue(one: readonly QueueInfo[], other: readonly QueueInfo[]): string | null {
  const names = new Set([...one, ...other].map(({ queue }) => queue));
  const textOf = (queues: readonly QueueInfo[], name: string) => {
    const { counts } = queues.find(({ queue }) => queue === name) ?? {};
    return counts === undefined ? "" : JSON.stringify(counts);
  };
  return [...names].find((name) => textOf(one, name) !== textOf(other, name)) ?? null;
}

function different(source: Store, target: Store, what: string): StoreError {
  return new StoreError(
    `The stores ${source.location} and ${target.location} differ in ${what}, so they stay closed: ` +
      "remove the latter and move again, and report this if it happens twice",
  );
}
