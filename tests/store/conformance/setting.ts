import assert from "node:assert/strict";
import type { Register } from "../scene.ts";

/** The settings of a store. */
export function settingTests(test: Register): void {
  test("configure: sets, changes and unsets, and says whether it did", async (scene) => {
    const { store } = scene;
    assert.deepEqual(await store.settings(), new Map());
    assert.equal(await store.configure("lease", "30s"), true);
    assert.equal(await store.configure("lease", "30s"), false);
    assert.equal(await store.configure("backoff_base", ""), true);
    assert.equal(await store.configure("lease", "1m"), true);
    assert.deepEqual(await store.settings(), new Map([["backoff_base", ""], ["lease", "1m"]]));
    assert.equal(await store.configure("lease", null), true);
    assert.equal(await store.configure("lease", null), false);
    assert.deepEqual(await store.settings(), new Map([["backoff_base", ""]]));
  });

  test("settings: another handle sees a change at once", async (scene) => {
    const other = await scene.open();
    await scene.store.configure("lease", "30s");
    assert.equal((await other.settings()).get("lease"), "30s");
  });
}
