import assert from "node:assert/strict";
import { StoreError } from "../../../src/errors.ts";
import { actOnEach } from "../../../src/store/sql/bulk.ts";
import type { Engine } from "../../../src/store/sql/engine.ts";

Deno.test("actOnEach() takes a database that fails for no refusal of a job", async () => {
  const gone = new StoreError("The server is gone");
  const engine: Pick<Engine, "writeMuch"> = {
    writeMuch(deed) {
      const work = deed(0);
      work.next();
      const { done, value } = work.throw(gone);
      assert.ok(done);
      return Promise.resolve(value);
    },
  };
  await assert.rejects(() => actOnEach(engine, "cancel", ["job1"]), gone);
});
