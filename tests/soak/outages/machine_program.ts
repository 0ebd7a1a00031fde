/**
 * A worker that takes itself for one of another machine: no other worker looks at its processes, and it
 * does not look at theirs. It prints its events. SIGTERM lets it finish what runs.
 *
 * @module
 */

import { resolveConfig } from "../../../src/config.ts";
import { StoreError } from "../../../src/errors.ts";
import { Events } from "../../../src/observe/events.ts";
import { openStore } from "../../../src/store/open.ts";
import { makeOwnDirectory } from "../../../src/worker/own_directory.ts";
import { Supervisor } from "../../../src/worker/supervisor.ts";

/** What it is given, as JSON. */
export interface MachineOptions {
  readonly url: string;
  /** Of the machine. */
  readonly name: string;
  readonly slots: number;
  readonly queues: readonly string[];
}

async function main({ url, name, slots, queues }: MachineOptions): Promise<void> {
  await using store = await openStore(url, { create: false });
  makeOwnDirectory(store.directory);
  const events = new Events();
  events.subscribe((event) => {
    if (!event.type.startsWith("job_")) console.log(JSON.stringify(event));
  });
  const config = resolveConfig(await store.settings());
  const supervisor = new Supervisor(store, events, {
    ...{ name, slots, queues, threads: 1, host: { name, identity: `machine ${name}` } },
    ...{ drainWait: null, singleton: false, insideJob: null, shutdownGrace: null, config },
  });
  const stop = () => supervisor.stop("drain");
  Deno.addSignalListener("SIGTERM", stop);
  try {
    await supervisor.run();
  } finally {
    Deno.removeSignalListener("SIGTERM", stop);
  }
}

if (import.meta.main) {
  try {
    await main(JSON.parse(Deno.args[0]!));
    Deno.exit(0);
  } catch (error) {
    console.error(error);
    Deno.exit(error instanceof StoreError ? 5 : 1);
  }
}
