/** Every released version of the schema: never edited, and opened by this program. */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../src/store/sqlite/migrations.ts";
import { openSqlite } from "../open_sqlite.ts";
import { COMPLETED, launchers, Scene } from "../scene.ts";
import { emptyPlace, type Place } from "./place.ts";
import { readStore } from "./schemas/full_store.ts";
import { jsonFile, makeStoreOf, schemaOf } from "./schemas/schemas.ts";

/** SHA-256 of each released step. A new release adds one; none is ever changed. */
const RELEASED: readonly string[] = [
  "dd573cfb15ec66f60633364b4c4abe19c0033f04dacd8c64f68d6acd52a97c41",
  "b8fd4140e96e0ef5435c51b4b78adadaad2fea231dd51b6577027fd802ad4d36",
  "4ea3fc01697529f65666683d0bb934c9c3f84542b154237c72be8031d1d9d97f",
];

Deno.test("MIGRATIONS: no released step has been edited", async () => {
  const hashes = await Promise.all(
    MIGRATIONS.slice(0, RELEASED.length).map(async (step) => {
      const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(step));
      return new Uint8Array(digest).toHex();
    }),
  );
  assert.deepEqual(hashes, RELEASED, "a step that is released changes stores no more: add another");
});

for (const version of RELEASED.keys().map((index) => index + 1)) {
  Deno.test(`SqliteEngine.open: a store of schema ${version} has all that it had`, async () => {
    await using place = await oldStore(version);
    await using store = await place.open({ create: false });
    assertHolds(await readStore(store), JSON.parse(Deno.readTextFileSync(jsonFile(version))));
  });

  Deno.test(`SqliteEngine.open: schema ${version} becomes that of a new store`, async () => {
    await using place = await oldStore(version);
    await using fresh = await emptyPlace();
    for (const each of [place, fresh]) await (await each.open())[Symbol.asyncDispose]();
    assert.deepEqual(schemaOf(place.path), schemaOf(fresh.path));
  });

  Deno.test(`SqliteEngine: a store of schema ${version} goes on working`, async () => {
    await using place = await oldStore(version);
    await using scene = await sceneIn(place);
    const worker = await scene.worker("new");
    // What ran when the old program went: its outcome is known, or it is lost.
    for (const { jobId, token } of await scene.store.attemptsOf("worker-1")) {
      await worker.settle([{ jobId, token }], COMPLETED);
    }
    scene.advance(24 * 3_600_000);
    await scene.store.configureQueue("paused", { paused: false });
    for (const id of ["dead", "completed"]) await scene.store.retry(id, ["dead", "completed"]);
    await scene.store.release("held");
    const { claimed } = await worker.tick({ free: launchers(20) });
    const found = new Map(claimed.map((claim) => [claim.jobId, claim]));
    for (const id of ["pending", "unique", "failed", "dead", "completed", "held", "scheduled"]) {
      assert.ok(found.has(id), `${id} is claimed`);
    }
    assert.deepEqual(found.get("with-env")?.env, { NAME: `the value's "secret"` });
    assert.equal(found.get("with-env")?.stdin, "line 1\nline 2");
    await worker.settle(claimed, COMPLETED);
    assert.deepEqual(await worker.workThrough(), ["blocked"]);
    await scene.enqueue("new");
    assert.deepEqual(await worker.workThrough(), ["new"]);
    await scene.store.removeEnded({ states: ["completed"], before: scene.now + 1 }, 3);
    assertSound(place.path);
  });
}

async function oldStore(version: number): Promise<Place> {
  const place = await emptyPlace();
  makeStoreOf(version, place.path);
  return place;
}

function sceneIn(place: Place): Promise<Scene> {
  return Scene.set((surroundings) =>
    Promise.resolve({
      open: () => openSqlite(place.path, { create: false, surroundings }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    })
  );
}

/** All that was seen then is seen now; there may be more. */
function assertHolds(now: unknown, then: unknown, at = "store"): void {
  if (typeof then !== "object" || then === null) return assert.equal(now, then, at);
  assert.ok(typeof now === "object" && now !== null, at);
  if (Array.isArray(then)) assert.equal((now as unknown[]).length, then.length, at);
  for (const [key, value] of Object.entries(then)) {
    assertHolds((now as Record<string, unknown>)[key], value, `${at}.${key}`);
  }
}

function assertSound(path: string): void {
  const connection = new DatabaseSync(path);
  try {
    assert.deepEqual(connection.prepare("PRAGMA integrity_check").all().map(Object.values), [
      ["ok"],
    ]);
    assert.deepEqual(
      connection.prepare("SELECT state, queue, jobs FROM counter WHERE jobs > 0 ORDER BY 1, 2")
        .all(),
      connection.prepare("SELECT state, queue, count(*) AS jobs FROM job GROUP BY 1, 2").all(),
    );
  } finally {
    connection.close();
  }
}
