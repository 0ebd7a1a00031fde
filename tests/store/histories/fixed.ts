/**
 * Histories that are always played, for what random ones reach too seldom to be relied on.
 *
 * @module
 */

import { COMPLETED, FAILED } from "../scene.ts";
import {
  bring,
  cancel,
  child,
  claim,
  configure,
  DRAFT,
  end,
  enqueue,
  GRANDCHILD,
  release,
  remove,
  retry,
  schedule,
  TICK,
  wait,
} from "./fixed_steps.ts";
import { type Draft, HANDLES, type Step, type What } from "./steps.ts";

/** A parent fails and is retried: all below it come back, and the one that was held is held. */
const COMING_BACK = [
  enqueue(DRAFT),
  enqueue(child(1), child(1, "ok", { held: true }), GRANDCHILD),
  claim(1),
  end(FAILED),
  retry(0),
];

/** The same, where another job has the child's unique key by then. */
const KEY_TAKEN = [
  enqueue(DRAFT),
  enqueue(child(1, "ok", { uniqueKey: "k" })),
  claim(1),
  end(FAILED),
  enqueue({ ...DRAFT, uniqueKey: "k", held: true }),
  retry(0),
];

/** Of three parents that failed one is deleted; the others are retried one after the other. */
const DELETED_PARENT = (["ok", "any"] as const).map((on): What[] => [
  enqueue(DRAFT, DRAFT, DRAFT),
  enqueue({
    ...DRAFT,
    parents: [...child(2).parents, { whom: "there", pick: 2, on }],
  }),
  claim(3),
  end(FAILED),
  end(FAILED, FAILED),
  retry(0),
  remove(2),
  retry(1),
]);

/** Of two parents that end in one tick the one that was as it should be is deleted. */
const IN_ONE_TICK = [
  enqueue(DRAFT, DRAFT),
  enqueue(child(2)),
  claim(2),
  end(FAILED, COMPLETED),
  remove(1),
  retry(0),
];

const LATER = { delay: 4000 };

const IN_B: Draft = { ...DRAFT, queue: "b" };

/** A clock is set back by more than a rate's period: its queue is shut for no longer than that. */
const CLOCK_BACK = [
  configure("a", { rate: { count: 1, period: 1000 } }),
  enqueue(DRAFT, DRAFT, DRAFT),
  claim(2),
  wait(-70_000),
  claim(1),
  wait(1000),
  claim(2),
];

/** Attempts that began so long ago that they do not count are forgotten, also when the clock is set back. */
const FORGOTTEN_STARTS = [
  configure("a", { rate: { count: 2, period: 1000 } }),
  enqueue(DRAFT, DRAFT, DRAFT, DRAFT, DRAFT),
  claim(2),
  wait(4000),
  claim(1),
  wait(-4000),
  claim(2),
];

/** What began under a rate that was taken away does not count for the next one. */
const RATE_AGAIN = [
  configure("a", { rate: { count: 1, period: 60_000 } }),
  enqueue(DRAFT, DRAFT, DRAFT),
  claim(2),
  configure("a", { rate: null }),
  configure("a", { rate: { count: 1, period: 60_000 } }),
  claim(2),
];

/** What begins or runs in one queue does not count in another one. */
const TWO_QUEUES = [
  configure("a", { rate: { count: 2, period: 60_000 }, limit: 3 }),
  configure("b", { rate: { count: 3, period: 60_000 }, limit: 2 }),
  enqueue(DRAFT),
  claim(1),
  enqueue(IN_B, IN_B),
  claim(2),
  enqueue(DRAFT, DRAFT),
  claim(1),
  claim(1),
];

/** A schedule that comes once more to a time for which it has fired. */
const FIRED_BEFORE = [0, 1].flatMap((): What[] => [
  schedule("allow"),
  wait(50_000),
  TICK,
  bring(0, 1),
  end(COMPLETED),
  wait(-40_000),
]);

/** Two workers know of one firing; the second is late, and its job has run and is deleted. */
const FIRED_TWICE = [
  schedule("allow"),
  wait(15_000),
  bring(0),
  bring(1),
  bring(0, 1),
  end(COMPLETED),
  remove(0),
  bring(1),
];

/** A schedule is paused after a worker was told that it is due. */
const PAUSED_MEANWHILE: readonly What[] = [
  schedule("allow"),
  wait(15_000),
  TICK,
  { kind: "pauseSchedule", name: "s", paused: true, next: "stays" },
  bring(),
];

/** A firing is skipped while a job of an earlier one runs. */
const OVERLAP = [
  schedule("skip"),
  ...[1, 2].flatMap(() => [wait(15_000), bring(), bring(0, 1)]),
];

/** A job that was cancelled because of its parent and then by a user stays so. */
const CANCELLED_TOO: readonly What[] = [
  enqueue(DRAFT),
  enqueue(child(1)),
  claim(1),
  end(FAILED),
  cancel(1),
  retry(0),
];

/** Of two jobs that have ended the one goes that ended first, though it came last. */
const OLDEST_END: readonly What[] = [
  enqueue(DRAFT, { ...DRAFT, priority: 1 }),
  claim(2),
  end(COMPLETED),
  wait(1000),
  end(COMPLETED),
  {
    kind: "removeEnded",
    filter: { states: ["completed"], queue: null, beforeIn: 1, limit: 1 },
  },
];

/** What waits is let go, put off, cancelled or retried. */
const WAITING = [
  [
    enqueue({ ...DRAFT, maxRetries: 1 }, { ...DRAFT, maxRetries: 1 }),
    claim(2),
    end(FAILED, FAILED),
    cancel(0),
    retry(1),
    { kind: "edit", pick: 1, apt: false, when: LATER, changes: {} },
    cancel(1),
  ],
  [
    enqueue(DRAFT),
    enqueue(
      child(1, "ok", { held: true }),
      child(1, "ok", { when: LATER }),
      { ...DRAFT, held: true, when: LATER },
    ),
    release(1),
    release(3),
    claim(1),
    end(COMPLETED),
  ],
] satisfies What[][];

/** A worker is asked for so many slots, and then for others. */
const SLOTS = [2, 3].map((slots): What => ({ kind: "stop", pick: 0, request: "drain", slots }));

const HISTORIES: readonly (readonly What[])[] = [
  COMING_BACK,
  KEY_TAKEN,
  IN_ONE_TICK,
  ...DELETED_PARENT,
  CLOCK_BACK,
  FORGOTTEN_STARTS,
  RATE_AGAIN,
  TWO_QUEUES,
  FIRED_BEFORE,
  FIRED_TWICE,
  PAUSED_MEANWHILE,
  OVERLAP,
  CANCELLED_TOO,
  OLDEST_END,
  ...WAITING,
  SLOTS,
];

/** They begin at an empty store, as random ones do. */
export const FIXED: readonly Step[][] = HISTORIES.map((history) =>
  history.map((what, index) => ({ handle: index % HANDLES, what }))
);
