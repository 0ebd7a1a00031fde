/**
 * The parts of a worker, and how they are put together.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Events } from "../observe/events.ts";
import type { Store } from "../store/store.ts";
import { Heartbeat, STANDSTILL } from "./heartbeat.ts";
import { isAlive, waitsForDisk } from "./host.ts";
import { LockWatch } from "./lock_watch.ts";
import { Membership } from "./membership.ts";
import { PeerWatch } from "./peer_watch.ts";
import { Rescues } from "./rescues.ts";
import { Retention } from "./retention.ts";
import { Runner } from "./runner.ts";
import { Schedules } from "./schedules.ts";
import { Shutdown } from "./shutdown.ts";
import { StoreClock } from "./store_clock.ts";
import { StoreLink } from "./store_link.ts";
import { Tenure } from "./tenure.ts";
import { Wakeup } from "./wakeup.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** Without a free slot a ring is answered so much later, milliseconds, and with it those that follow. */
const BUSY_ANSWER = 20;

/** A worker, in parts: each has a subject of its own, and knows of the others only what it needs. */
export interface WorkerParts {
  readonly store: Store;
  readonly events: Events;
  readonly options: WorkerOptions;
  readonly wakeup: Wakeup;
  readonly heart: Heartbeat;
  readonly clock: StoreClock;
  readonly member: Membership;
  readonly runner: Runner;
  readonly shutdown: Shutdown;
  readonly watch: PeerWatch;
  readonly rescues: Rescues;
  readonly tenure: Tenure;
  readonly link: StoreLink;
  readonly schedules: Schedules;
  readonly retention: Retention;
}

/** A worker that has not begun. */
export function assemble(store: Store, events: Events, options: WorkerOptions): WorkerParts {
  const { config, host: { identity: hostIdentity }, threads, shutdownGrace: grace } = options;
  const { maxOutput, killGrace, lease } = config;
  const { address, directory: spool, isShared } = store;
  const tracing = options.tracing ?? null;
  const now = () => performance.now();
  const wakeup = new Wakeup();
  const wake = () => wakeup.call();
  // There is work, which can wait if there is no slot for it, or somebody wants an end.
  const ring = () => runner.hasFreeSlot ? wakeup.call() : wakeup.callLater(BUSY_ANSWER);
  const member = new Membership(store, options, ring);
  const self = () => member.id;
  const runner = new Runner(events, { threads, spool, address, maxOutput, killGrace, tracing }, {
    wake,
    leaseOver: () => tenure.heardOver(),
    orphaned: (attempts) => rescues.adopt(member.id, attempts),
    broken: (error) => shutdown.fail(new StoreError(`No job can be started here: ${error}`)),
  });
  const shutdown = new Shutdown({ events, runner, self, wake, grace });
  const notedFrom = isShared ? STANDSTILL : 0;
  const watch = new PeerWatch({ hostIdentity, lease, notedFrom, self, isAlive, clock: now });
  const rescues = new Rescues(store, events, { hostIdentity, spool, maxOutput, tracing }, wake);
  const lost: Rescues["begin"] = (peer, reason) => rescues.begin(peer, reason);
  const locks = new LockWatch({ store, watch, lease, waitsForDisk, lost, clock: now });
  const tenure = new Tenure({ store, events, lease, self, runner });
  const link = new StoreLink({
    ...{ events, locks },
    leftToRun: () => tenure.leftToRun,
    gone: (error) => shutdown.fail(error),
  });
  const schedules = new Schedules({ store, events, wake, clock: now });
  const isHurried = options.drainWait !== null;
  const retention = new Retention({ store, events, config, isHurried, wake });
  const [heart, clock] = [new Heartbeat(config.pollInterval), new StoreClock()];
  return {
    ...{ store, events, options, wakeup, heart, clock, member, runner, shutdown },
    ...{ watch, rescues, tenure, link, schedules, retention },
  };
}
