import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import type { LeaseEnd } from "../../src/worker/lease.ts";
import { Pulse } from "../../src/worker/pulse.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A pulse whose store answers as it is told, and what it has done. */
function open({ isShared = true, answers = [true] as (boolean | Error)[] } = {}) {
  const said: string[] = [];
  let id = "w1";
  let at = 0;
  const pulse = new Pulse({
    store: {
      isShared,
      async beat(worker) {
        said.push(`beat ${worker}`);
        const answer = answers.length > 1 ? answers.shift()! : answers[0]!;
        await Promise.resolve();
        if (typeof answer !== "boolean") throw answer;
        return answer;
      },
    },
    lease: {
      next: () => ({ sinceBoot: null, own: ++at }),
      renew: (end: LeaseEnd | null) => said.push(`until ${end?.own}`),
    },
    self: () => id,
    evicted: () => said.push("evicted"),
    interval: 5,
  });
  return { pulse, said, rename: (name: string) => id = name };
}

Deno.test("Pulse.during() beats while work takes long, whatever comes of it, and then no more", async () => {
  const { pulse, said } = open({ answers: [true, new StoreError("away"), false] });
  const { promise, resolve } = Promise.withResolvers<string>();
  const work = pulse.during(() => promise);
  await waitFor(() => said.includes("evicted"));
  resolve("done");
  assert.equal(await work, "done");
  assert.deepEqual(said, ["beat w1", "until 1", "beat w1", "beat w1", "evicted"]);
});

Deno.test("Pulse.during() does nothing about work that is short, or whose store nobody shares", async () => {
  const short = open();
  assert.equal(await short.pulse.during(() => Promise.resolve(1)), 1);
  await assert.rejects(
    short.pulse.during(() => Promise.reject(new StoreError("away"))),
    StoreError,
  );
  const alone = open({ isShared: false });
  await alone.pulse.during(() => new Promise((resolve) => setTimeout(resolve, 20)));
  assert.deepEqual([short.said, alone.said], [[], []]);
});
