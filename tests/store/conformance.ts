/**
 * The suite that every adapter of the store port must pass. It knows the port alone, and opens several
 * handles on one storage as several processes would.
 *
 * @module
 */

import { cancelTests } from "./conformance/cancel.ts";
import { claimTests } from "./conformance/claim.ts";
import { doorbellTests } from "./conformance/doorbell.ts";
import { enqueueTests } from "./conformance/enqueue.ts";
import { fenceTests } from "./conformance/fence.ts";
import { historyTests } from "./conformance/history.ts";
import { outputTests } from "./conformance/output.ts";
import { queryTests } from "./conformance/query.ts";
import { removeTests } from "./conformance/remove.ts";
import { resolveTests } from "./conformance/resolve.ts";
import { retryTests } from "./conformance/retry.ts";
import { settingTests } from "./conformance/setting.ts";
import { settleTests } from "./conformance/settle.ts";
import { workerTests } from "./conformance/worker.ts";
import { type Register, Scene, type StorageFactory } from "./scene.ts";

export type { Storage, StorageFactory, StorageOptions } from "./scene.ts";

/** Registers the suite for an adapter. */
export function conformance(adapter: string, makeStorage: StorageFactory): void {
  const register: Register = (title, body) =>
    Deno.test(`${title} (${adapter})`, async () => {
      await using scene = await Scene.set(makeStorage);
      await body(scene);
    });
  for (
    const tests of [
      enqueueTests,
      claimTests,
      settleTests,
      fenceTests,
      cancelTests,
      retryTests,
      removeTests,
      workerTests,
      outputTests,
      resolveTests,
      queryTests,
      settingTests,
      doorbellTests,
    ]
  ) tests(register);
  historyTests(adapter, makeStorage);
}
