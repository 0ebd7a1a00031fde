/**
 * The suite that every adapter of the store port must pass. It knows the port alone, and opens several
 * handles on one storage as several processes would.
 *
 * @module
 */

import { aheadTests } from "./conformance/ahead.ts";
import { bulkTests } from "./conformance/bulk.ts";
import { cancelTests } from "./conformance/cancel.ts";
import { crowdTests } from "./conformance/crowd.ts";
import { claimTests } from "./conformance/claim.ts";
import { doorbellTests } from "./conformance/doorbell.ts";
import { editTests } from "./conformance/edit.ts";
import { enqueueTests } from "./conformance/enqueue.ts";
import { fenceTests } from "./conformance/fence.ts";
import { fieldTests } from "./conformance/fields.ts";
import { firingTests } from "./conformance/firings.ts";
import { historyTests } from "./conformance/history.ts";
import { limitTests, rateHistoryTests } from "./conformance/limits.ts";
import { lookingTests } from "./conformance/looking.ts";
import { movingTests } from "./conformance/moving.ts";
import { outputTests } from "./conformance/output.ts";
import { pagingTests } from "./conformance/paging.ts";
import { parentTests } from "./conformance/parents.ts";
import { parentAgainTests } from "./conformance/parents_again.ts";
import { manyParentTests } from "./conformance/parents_many.ts";
import { queryTests } from "./conformance/query.ts";
import { queueTests } from "./conformance/queues.ts";
import { removeTests } from "./conformance/remove.ts";
import { resolveTests } from "./conformance/resolve.ts";
import { retryTests } from "./conformance/retry.ts";
import { scheduleTests } from "./conformance/schedules.ts";
import { settingTests } from "./conformance/setting.ts";
import { settleTests } from "./conformance/settle.ts";
import { standingTests } from "./conformance/standing.ts";
import { statisticsTests } from "./conformance/statistics.ts";
import { uniqueTests } from "./conformance/unique.ts";
import { whenTests } from "./conformance/when.ts";
import { workerTests } from "./conformance/worker.ts";
import { type Extent, type Register, Scene, type StorageFactory } from "./scene.ts";

export type { Storage, StorageFactory, StorageOptions } from "./scene.ts";

/** Registers the suite for an adapter. */
export function conformance(
  adapter: string,
  makeStorage: StorageFactory,
  extent: Extent = {},
): void {
  const register: Register = (title, body) =>
    Deno.test(`${title} (${adapter})`, async () => {
      await using scene = await Scene.set(makeStorage, extent);
      await body(scene);
    });
  for (
    const tests of [
      enqueueTests,
      whenTests,
      parentTests,
      parentAgainTests,
      manyParentTests,
      crowdTests,
      uniqueTests,
      queueTests,
      limitTests,
      fieldTests,
      claimTests,
      aheadTests,
      settleTests,
      fenceTests,
      cancelTests,
      retryTests,
      editTests,
      removeTests,
      workerTests,
      outputTests,
      resolveTests,
      queryTests,
      pagingTests,
      bulkTests,
      lookingTests,
      statisticsTests,
      standingTests,
      settingTests,
      doorbellTests,
      movingTests,
      scheduleTests,
      firingTests,
    ]
  ) tests(register);
  historyTests(adapter, makeStorage, extent);
  rateHistoryTests(adapter, makeStorage);
}
