import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Store } from "../../src/store/store.ts";
import { Live } from "../../src/web/live.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A live stream over a store that changes with each look. */
function restless(patience = 1e9): { readonly live: Live; readonly looks: () => number } {
  let looks = 0;
  const live = new Live({
    store: { revision: () => Promise.resolve(String(++looks)) } as Store,
    ask: () => Promise.resolve({ status: 200, text: `{"looks":${looks}}\n` }),
    now: () => 0,
    most: 10,
    pace: { look: 0, status: 0, statistics: 0, patience },
    onError: (error) => {
      throw error;
    },
  });
  return { live, looks: () => looks };
}

Deno.test("a page that reads late gets the newest of each kind, and nothing else", async () => {
  const { live, looks } = restless();
  const stream = live.connect(null, null)!;
  await waitFor(() => looks() > 20);
  const reader = stream.getReader();
  const texts: string[] = [];
  const decoder = new TextDecoder();
  for (let read = 0; read < 4; read++) texts.push(decoder.decode((await reader.read()).value));
  const kinds = texts.map((text) => /^event: (\w+)|^retry/m.exec(text)?.[1] ?? "retry");
  deepStrictEqual(kinds.toSorted(), ["changed", "retry", "statistics", "status"]);
  const [, revision] = /"revision":"(\d+)"/.exec(texts.join())!;
  ok(Number(revision) >= 20, revision);
  await reader.cancel();
  await live.close();
});

Deno.test("a page that does not read is sent away", async () => {
  const { live } = restless(50);
  const reader = live.connect(null, null)!.getReader();
  await waitFor(() => live.size === 0);
  strictEqual((await reader.read()).done, true);
  await live.close();
});

Deno.test("nobody looks at the store while nobody listens", async () => {
  const { live, looks } = restless();
  const stream = live.connect(null, null)!;
  await waitFor(() => looks() > 2);
  await stream.cancel();
  // It may be in the middle of a last look.
  await waitFor(async () => {
    const before = looks();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return looks() === before;
  });
  const before = looks();
  const again = live.connect(null, null)!;
  await waitFor(() => looks() > before + 2);
  await again.cancel();
  await live.close();
  strictEqual(live.connect(null, null), null);
});

Deno.test("a failure that lasts is told now and then, and the stream goes on", async () => {
  const failures: string[] = [];
  let looks = 0;
  const live = new Live({
    store: { revision: () => Promise.resolve(String(++looks)) } as Store,
    ask: () => Promise.resolve({ status: 500, text: '{"error":{"message":"It is broken"}}' }),
    now: () => 0,
    most: 10,
    pace: { look: 0, status: 0, ping: 60_000 },
    onError: (error) => failures.push(String(error)),
  });
  const ended = new AbortController();
  ended.abort();
  strictEqual((await live.connect(null, ended.signal)!.getReader().read()).done, true);
  const reader = live.connect(null, null)!.getReader();
  await waitFor(() => looks > 20);
  deepStrictEqual(failures, ["Error: It is broken"]);
  strictEqual((await reader.read()).done, false);
  await reader.cancel();
  await waitFor(() => live.size === 0);
  await live.close();
});
