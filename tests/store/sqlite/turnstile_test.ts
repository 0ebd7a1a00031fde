import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import { Turnstile } from "../../../src/store/sqlite/turnstile.ts";
import { tempDir } from "../../helpers/temp_dir.ts";
import { waitFor } from "../../helpers/wait_for.ts";

/** Milliseconds that a turn is waited for. */
const PATIENCE = 100;

Deno.test("Turnstile.pass() has its turns back after several that did not come", async () => {
  await using dir = await tempDir();
  const path = dir.join("turnstile");
  await using turnstile = new Turnstile(path, PATIENCE);
  using other = Deno.openSync(path, { write: true });
  other.lockSync(true);
  for (let late = 0; late < 3; late++) {
    await assert.rejects(turnstile.pass(() => {}), StoreError);
  }
  other.unlockSync();
  for (let turn = 0; turn < 3; turn++) {
    // A turn is one for all: while it lasts, nobody else has one.
    const isTaken = await turnstile.pass(() => !other.tryLockSync(true));
    assert.equal(isTaken, true);
  }
  // Nothing is left in line that would keep the others out.
  await waitFor(() => other.tryLockSync(true));
});
