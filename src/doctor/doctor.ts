/**
 * All the checks of a store, in their order.
 *
 * @module
 */

import { resolveConfig, SETTINGS } from "../config.ts";
import { StoreError } from "../errors.ts";
import { type Check, problem, unusable } from "../store/examination.ts";
import { diagnoseStore } from "../store/open.ts";
import type { Store } from "../store/store.ts";
import { currentHost } from "../worker/host.ts";
import { diskCheck } from "./disk.ts";
import { processesCheck, socketsCheck, spoolCheck } from "./leftovers.ts";
import { runningCheck } from "./running.ts";
import { schedulesCheck } from "./schedules.ts";
import { settingsCheck } from "./settings.ts";
import { machineCheck, programCheck } from "./surroundings.ts";
import type { Ward } from "./ward.ts";
import { workersCheck } from "./workers.ts";

/** What is to be looked at. */
export interface Visit {
  /** Where the store is: an absolute path or a URL. */
  readonly location: string;
  /** The words that run queuectl on this store. */
  readonly command: readonly string[];
  /** Compare everything with everything, however long that takes. */
  readonly full: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Opens the store, to be read only. */
  open(): Promise<Store>;
}

/** The checks that need a store which can be read, by their names. */
const CHECKS: readonly (readonly [string, (ward: Ward) => Promise<Check> | Check])[] = [
  ["workers", workersCheck],
  ["running", runningCheck],
  ["schedules", schedulesCheck],
  ["spool", spoolCheck],
  ["sockets", socketsCheck],
  ["processes", processesCheck],
  ["settings", settingsCheck],
  ["disk", ({ store }) => diskCheck(store.directory)],
  ["machine", ({ store }) => machineCheck(store)],
];

/** Looks at a store and at what it depends on; changes nothing. Damage is a finding, not an error. */
export async function* examineAll(visit: Visit): AsyncGenerator<Check> {
  yield await programCheck();
  let store: Store;
  try {
    store = await visit.open();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    yield* diagnoseStore(visit.location, error, visit);
    return;
  }
  await using open = store;
  yield { name: "store", text: `${open.location} can be opened`, findings: [] };
  const { command, full, now } = visit;
  const host = currentHost();
  yield* open.examine({ command, full, now: now(), hostIdentity: host.identity });
  const ward: Ward = { store: open, host, command, lease: await leaseOf(open), now };
  // Some look twice, with a pause: they do that at the same time.
  const checks = CHECKS.map(([name, check]) => orUnreadable(name, () => check(ward)));
  for (const check of checks) yield await check;
}

/** What cannot be read of a damaged store is said, and the rest is looked at all the same. */
async function orUnreadable(name: string, check: () => Promise<Check> | Check): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) {
      const text = "There is no permission to look at the files beside the store";
      return { name, text: "", findings: [problem(text, "See access, above")] };
    }
    if (!(error instanceof StoreError)) throw error;
    const finding = unusable(
      error.message,
      "Mend its integrity first",
    );
    return { name, text: "", findings: [finding] };
  }
}

/** The default if the stored one cannot be read, which the settings' own check tells. */
async function leaseOf(store: Store): Promise<number> {
  try {
    return resolveConfig(await store.settings()).lease;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return SETTINGS.lease.default;
  }
}
