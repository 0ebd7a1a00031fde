/** Claims that look at some lanes only. */

import assert from "node:assert/strict";
import { Beginnings, END, type Found, type Look } from "../../../src/store/postgres/beginnings.ts";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { type Claimed, claimPlainly } from "../../../src/store/postgres/claim.ts";
import { claimClosely } from "../../../src/store/postgres/claim_closely.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { gapsBetween } from "../../../src/store/postgres/lanes.ts";
import { Preamble } from "../../../src/store/postgres/preamble.ts";
import { Transaction } from "../../../src/store/postgres/transaction.ts";
import { openStore } from "../../../src/store/open.ts";
import type { Store } from "../../../src/store/store.ts";
import { newJob } from "../../job/jobs.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";

/** One that looks where it is told to, and what it is told of that. */
class Fixed extends Beginnings {
  found: Found | null = null;
  readonly #look: Look;

  constructor(look: Look) {
    super(() => 0);
    this.#look = look;
  }

  override look() {
    return this.#look;
  }

  override note(_: Look | null, found: Found): void {
    this.found = found;
    assert.ok(found.took >= 0);
  }
}

/** A worker `w` that serves all queues but `unserved`, and takes jobs from where it is told to. */
class Claimer implements AsyncDisposable {
  readonly store: Store;
  readonly #connections: Connections;
  readonly #name: string;
  readonly #cleanUp: AsyncDisposableStack;

  private constructor(
    store: Store,
    connections: Connections,
    name: string,
    cleanUp: AsyncDisposableStack,
  ) {
    this.store = store;
    this.#connections = connections;
    this.#name = name;
    this.#cleanUp = cleanUp;
  }

  static async open(): Promise<Claimer> {
    await using cleanUp = new AsyncDisposableStack();
    const schema = cleanUp.use(await TestSchema.named());
    const store = cleanUp.use(await openStore(schema.url, { create: true }));
    const host = { host: "h", hostIdentity: "h", process: { pid: 1, startTime: "1" } };
    await store.join({ id: "w", ...host, slots: 9, queues: QUEUES });
    const connections = cleanUp.use(await Connections.open(parseAddress(schema.url)));
    return new Claimer(store, connections, schema.name, cleanUp.move());
  }

  /** Jobs by their queues and priorities: `queue` or `queue 5`; their ids are their numbers. */
  async enqueue(...lanes: readonly string[]): Promise<void> {
    await this.store.enqueue(lanes.map((lane, n) => {
      const [queue, priority = "0"] = lane.split(" ") as [string, string?];
      return newJob(`${n + 1}`, { queue, priority: Number(priority) });
    }));
  }

  /** The ids of jobs that it takes, of so many wanted, and what is said of the look. */
  async claim(
    care: "plainly" | "closely",
    wanted: number,
    look: Look,
  ): Promise<[ids: string, found: Found, claimed: Claimed]> {
    const beginnings = new Fixed(look);
    const launcher = { pid: 1, startTime: "1" };
    const request = {
      ...{ worker: "w", ended: [], output: [], observed: new Map(), draining: false, buried: [] },
      free: Array.from({ length: wanted }, () => launcher),
    };
    const terms = { session: 0, newToken: () => crypto.randomUUID(), beginnings };
    const claimed = await this.#connections.use(async (connection) => {
      const preamble = new Preamble(this.#name);
      const transaction = new Transaction(connection, preamble, { company: "together" });
      const claimed = care === "plainly"
        ? await claimPlainly(transaction, request, terms)
        : await claimClosely(transaction, request, {
          ...{ ...terms, queues: QUEUES, tellsFirst: true },
        });
      await transaction.commit();
      return claimed;
    });
    return [claimed.claims.map(({ jobId }) => jobId).join(" "), beginnings.found!, claimed];
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanUp.disposeAsync();
  }
}

const QUEUES = ["a", "b", "c", "paused"];

const near = (queue: string, first: number, priority = 0) => ({
  ...{ queue, priority, first, past: END },
});
const looking = (lanes: Look["lanes"], around = false): Look => ({ lanes, back: null, around });

for (const care of ["plainly", "closely"] as const) {
  Deno.test(`tick() takes jobs ${care} from where lanes begin, highest priority first`, async () => {
    await using claimer = await Claimer.open();
    await claimer.enqueue("a", "a", "a", "b 5", "unserved", "paused", "c");
    await claimer.store.configureQueue("paused", { paused: true }, { create: true });
    const lanes = [near("a", 2), near("b", 1, 5), near("unserved", 1), near("paused", 1)];
    const [first, found] = await claimer.claim(care, 2, looking(lanes));
    assert.deepEqual([first, found.isFull, found.isAll, found.newest], ["4 2", true, false, 7]);
    assert.deepEqual(found.places.map(({ seq }) => seq), [4, 2]);
    const [second, rest] = await claimer.claim(care, 2, looking(lanes));
    assert.deepEqual([second, rest.isFull, rest.isAll, rest.newest], ["3", false, true, 7]);
    assert.equal((await claimer.claim(care, 2, looking([])))[0], "");
    const portion = { queue: "a", priority: 0, first: 0, past: 1 };
    assert.equal((await claimer.claim(care, 2, looking([portion])))[0], "");
    assert.equal((await claimer.claim(care, 2, looking([{ ...portion, past: 2 }])))[0], "1");
  });

  Deno.test(`tick() takes jobs ${care} around lanes: of new queues and priorities`, async () => {
    await using claimer = await Claimer.open();
    await claimer.enqueue("a", "a 5", "a -5", "b", "b", "c 1", "unserved", "paused");
    await claimer.store.configureQueue("paused", { paused: true }, { create: true });
    const look = looking([near("b", 6)], true);
    assert.equal((await claimer.claim(care, 9, look))[0], "2 6");
    const known = [near("b", 6), near("a", 2, 5), near("c", 7, 1)];
    assert.equal((await claimer.claim(care, 9, looking(known)))[0], "");
    assert.equal((await claimer.claim(care, 9, looking(known, true)))[0], "1");
    assert.equal((await claimer.claim(care, 9, looking([...known, near("a", 2)], true)))[0], "3");
    assert.equal((await claimer.claim(care, 9, looking([], true)))[0], "4 5");
  });
}

Deno.test("tick() holds limits where it looks at some lanes only, and says that there are some", async () => {
  await using claimer = await Claimer.open();
  await claimer.enqueue("a", "a", "a", "a", "b", "b");
  await claimer.store.configureQueue("a", { limit: 2 }, { create: true });
  const look = looking([near("a", 2), near("b", 1)]);
  const plain = await claimer.claim("plainly", 9, look);
  assert.deepEqual([plain[0], plain[2].isLimited], ["", true]);
  assert.equal(plain[1], null, "this look is had again, closely");
  const [ids, found, { isLimited }] = await claimer.claim("closely", 9, look);
  assert.deepEqual([ids, found.isAll, isLimited], ["2 3 5 6", false, true]);
  assert.equal((await claimer.claim("closely", 9, look))[0], "");
  const empty = await claimer.claim("closely", 9, looking([near("a", 5)]));
  assert.deepEqual([empty[0], empty[1].isAll, empty[2].isLimited], ["", true, true]);
});

Deno.test("gapsBetween() says what lies between lanes", () => {
  assert.deepEqual(gapsBetween([]), { queues: [["", "~"]], priorities: [] });
  assert.deepEqual(gapsBetween([near("b", 1), near("a", 1, 5), near("b", 1, 7), near("b", 9)]), {
    queues: [["", "a"], ["a", "b"], ["b", "~"]],
    priorities: [
      ["b", 2000, 7],
      ["b", 7, 0],
      ["b", 0, -2000],
      ["a", 2000, 5],
      ["a", 5, -2000],
    ],
  });
});
