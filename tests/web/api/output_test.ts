import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Store } from "../../../src/store/store.ts";
import { waitFor } from "../../helpers/wait_for.ts";
import { Contract } from "./contract.ts";

Deno.test("GET output gives the bytes that were written, whatever they are", async () => {
  await using api = await Contract.open();
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 256);
  await api.queue.join();
  await api.queue.ran("a", 0, ["stdout", bytes.slice(0, 70_001)], ["stderr", "no"], [
    "stdout",
    bytes.slice(70_001),
  ]);
  const response = await api.dashboard.fetch("/api/jobs/a/output?stream=stdout");
  strictEqual(response.headers.get("content-type"), "application/octet-stream");
  deepStrictEqual(await response.bytes(), bytes);
});

Deno.test("GET output with follow goes on until the job has ended, over its attempts", async () => {
  await using api = await Contract.open();
  const { queue } = api;
  await queue.join();
  await queue.add({ id: "a", maxRetries: 1, backoffBase: 0 });
  const followed = api.dashboard.fetch("/api/jobs/a/output?follow=true");
  const asJson = api.dashboard.fetch("/api/jobs/a/output?follow=true&format=json");
  const second = api.dashboard.fetch("/api/jobs/a/output?follow=true&attempt=2");
  const claim = await queue.claim();
  await queue.write(claim, ["stdout", "one\n"]);
  const reader = (await followed).body!.getReader();
  const decoder = new TextDecoder();
  // It comes before the end of the attempt.
  strictEqual(decoder.decode((await reader.read()).value), "one\n");
  await queue.end(claim, 1, ["stderr", "bad\n"]);
  queue.now += 1000;
  await queue.tick();
  await queue.end(await queue.claim(), 0, ["stdout", "two\n"]);
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    rest += decoder.decode(part.value);
  }
  strictEqual(rest, "bad\ntwo\n");
  strictEqual(await (await second).text(), "two\n");
  const lines = (await (await asJson).text()).trimEnd().split("\n").map((line) => JSON.parse(line));
  deepStrictEqual(lines.map(({ text }) => text), ["one\n", "bad\n", "two\n"]);
});

Deno.test("GET output with follow stops looking when the client has gone", async () => {
  let looks = 0;
  const counting = (store: Store) =>
    new Proxy(store, {
      get(target, name) {
        if (name === "attempts") looks++;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  await using api = await Contract.open({ through: counting });
  await api.queue.join();
  await api.queue.add("a");
  const claim = await api.queue.claim();
  await api.queue.write(claim, ["stdout", "x"]);
  const stop = new AbortController();
  const response = await api.dashboard.fetch("/api/jobs/a/output?follow", { signal: stop.signal });
  const reader = response.body!.getReader();
  await reader.read();
  // It looks again and again, ...
  const first = looks;
  await api.queue.write(claim, ["stdout", "y"]);
  await reader.read();
  await waitFor(async () => {
    await api.queue.write(claim, ["stdout", "z"]);
    return looks > first;
  });
  stop.abort();
  await reader.read().catch(() => {});
  // ... until the client goes, even if the job writes nothing any more.
  let last = -1;
  await waitFor(async () => {
    const same = looks === last;
    last = looks;
    await new Promise((resolve) => setTimeout(resolve, 150));
    return same && looks === last;
  });
  ok(looks > 0);
});

Deno.test("GET output with follow ends with a broken connection if the job is deleted", async () => {
  await using api = await Contract.open();
  await api.queue.add("a");
  const response = await api.dashboard.fetch("/api/jobs/a/output?follow");
  await api.want(200, "DELETE", "/jobs/a");
  const read = await response.text().then(() => "whole", () => "broken");
  strictEqual(read, "broken");
});
