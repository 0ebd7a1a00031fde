/**
 * Whether a store says what its model says.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { KeptJob } from "../../../src/job/record.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Model } from "./model.ts";
import { keptOf } from "./modelled.ts";

/** Compares all that can be seen of a store. */
export async function compare(model: Model, store: Store): Promise<void> {
  const kept: KeptJob[] = [];
  for await (const jobs of store.keptPortions({ oldestFirst: true })) kept.push(...jobs);
  assertSame(kept, model.jobs.all.map(keptOf));
  const [oldest] = model.jobs.in("pending");
  assertSame(await store.status(), {
    queues: model.queues.infos(),
    workers: model.workers.infos(),
    oldestPendingAt: oldest?.job.createdAt ?? null,
  });
  assertSame(await store.schedules(), model.schedules.infos());
  assertSame(await store.outstanding(null, 2000), model.outstanding(null, 2000, null));
}

/** As `assert.deepEqual()`, which takes ten times as long where nothing is wrong. */
export function assertSame(actual: unknown, expected: unknown): void {
  if (!isSame(actual, expected)) assert.deepEqual(actual, expected);
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) =>
    Object.hasOwn(b, key) &&
    isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
  );
}
