import assert from "node:assert/strict";
import { parseAddress } from "../../../src/store/postgres/address.ts";
import { Beginnings, type Lane } from "../../../src/store/postgres/beginnings.ts";
import { claimPlainly } from "../../../src/store/postgres/claim.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { Transaction } from "../../../src/store/postgres/transaction.ts";
import { openStore } from "../../../src/store/open.ts";
import { newJob } from "../../job/jobs.ts";
import { TestSchema } from "../../toolchain/postgres_session.ts";

const lane = { queue: "default", priority: 0 };

Deno.test("Beginnings: everything is looked at until a look takes long that went far, then at a tenth of the time", () => {
  let now = 0;
  const beginnings = new Beginnings(() => now);
  beginnings.note([{ ...lane, seq: 1 }], 300);
  assert.equal(beginnings.lanes(), null);
  beginnings.note([{ ...lane, seq: 6000 }], 19);
  assert.equal(beginnings.lanes(), null);
  beginnings.note([{ ...lane, seq: 6001 }, { ...lane, seq: 6002 }], 300);
  assert.deepEqual(beginnings.lanes()?.map(({ first }) => first), [6003]);
  now = 2999;
  beginnings.note([{ ...lane, seq: 6010 }, { queue: "q", priority: 5, seq: 7 }], 1);
  assert.deepEqual(
    beginnings.lanes()?.map(({ queue, priority, first }) => [queue, priority, first]),
    [["default", 0, 6011], ["q", 5, 8]],
  );
  now = 3000;
  assert.equal(beginnings.lanes(), null);
});

Deno.test("Beginnings: what came back is found by a look at everything, and taken until there is none left", () => {
  const beginnings = new Beginnings(() => 0);
  beginnings.note([{ ...lane, seq: 1 }, { ...lane, seq: 9000 }], 100);
  beginnings.note([{ ...lane, seq: 20 }], 100);
  assert.equal(beginnings.lanes()?.[0]?.first, 21);
});

Deno.test("Beginnings: forget() has everything looked at", () => {
  const beginnings = new Beginnings(() => 0);
  beginnings.note([{ ...lane, seq: 1 }, { ...lane, seq: 9000 }], 100);
  assert.notEqual(beginnings.lanes(), null);
  beginnings.forget();
  assert.equal(beginnings.lanes(), null);
});

/** One that always looks there, and what it is told. */
class Fixed extends Beginnings {
  readonly noted: number[][] = [];
  readonly #lanes: readonly Lane[];

  constructor(...lanes: readonly Lane[]) {
    super(() => 0);
    this.#lanes = lanes;
  }

  override lanes() {
    return this.#lanes;
  }

  override note(places: Parameters<Beginnings["note"]>[0], took: number): void {
    this.noted.push(places.map(({ seq }) => seq));
    assert.ok(took >= 0);
  }
}

Deno.test("claimPlainly() goes on from where lanes begin, highest priority first, and says if that was too little", async () => {
  await using schema = await TestSchema.named();
  await using store = await openStore(schema.url, { create: true });
  const launcher = { pid: 1, startTime: "1" };
  const host = { host: "h", hostIdentity: "h", process: launcher };
  await store.join({ id: "w", ...host, slots: 9, queues: ["default", "high", "paused"] });
  const jobs = ["a", "b", "c", "high", "x", "paused"].map((id) => [id, id === "high" ? 5 : 0]);
  await store.enqueue(jobs.map(([id, priority]) =>
    newJob(id as string, {
      queue: (id as string).length > 1 ? id as string : id === "x" ? "unserved" : "default",
      priority: priority as number,
    })
  ));
  await store.configureQueue("paused", { paused: true }, { create: true });
  await using connections = await Connections.open(await parseAddress(schema.url));
  const claim = async (places: number, ...lanes: readonly Lane[]) => {
    const beginnings = new Fixed(...lanes);
    const request = {
      ...{ worker: "w", ended: [], output: [], observed: new Map(), draining: false, buried: [] },
      free: Array.from({ length: places }, () => launcher),
    };
    const terms = { session: 0, newToken: () => crypto.randomUUID(), beginnings };
    const { claims, isShort } = await connections.use(async (connection) => {
      const transaction = new Transaction(connection, "together", null);
      const claimed = await claimPlainly(transaction, request, terms);
      await transaction.commit();
      return claimed;
    });
    return [claims.map(({ jobId }) => jobId), isShort, beginnings.noted];
  };
  const all = [
    { queue: "default", priority: 0, first: 2 },
    { queue: "high", priority: 5, first: 1 },
    { queue: "unserved", priority: 0, first: 1 },
    { queue: "paused", priority: 0, first: 1 },
  ];
  assert.deepEqual(await claim(2, ...all), [["high", "b"], false, [[4, 2]]]);
  assert.deepEqual(await claim(2, ...all), [["c"], true, [[3]]]);
  assert.deepEqual(await claim(2), [[], true, [[]]]);
  assert.deepEqual(await claim(1, { queue: "default", priority: 0, first: 1 }), [
    ...[["a"], false],
    [[1]],
  ]);
});
