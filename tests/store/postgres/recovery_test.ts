import assert from "node:assert/strict";
import { Recovery } from "../../../src/store/postgres/recovery.ts";
import { waitFor } from "../../helpers/wait_for.ts";

Deno.test("try() asks now and then only while it fails, and at once when it has worked", async () => {
  const recovery = new Recovery();
  let tries = 0;
  const failing = () => {
    tries++;
    return Promise.reject(new Error("away"));
  };
  for (let i = 0; i < 1000; i++) {
    await assert.rejects(recovery.try(failing), { message: "away" });
  }
  assert.ok(tries < 50, `${tries} tries`);
  const working = () => Promise.resolve("back");
  await waitFor(() => recovery.try(working).catch(() => null));
  for (let i = 0; i < 3; i++) assert.equal(await recovery.try(working), "back");
});
