import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { Guesses } from "../../src/web/guesses.ts";
import { Secret } from "../../src/web/secret.ts";
import { cookieName, readCookie, Sessions } from "../../src/web/session.ts";

Deno.test("Guesses take five wrong tokens at once from an address, then two a second", () => {
  let now = 1_000_000;
  const guesses = new Guesses(() => now);
  const tries = (address: string) => {
    let taken = 0;
    for (; guesses.wait(address) === 0 && taken < 100; taken++) guesses.note(address);
    return taken;
  };
  strictEqual(tries("a"), 5);
  strictEqual(tries("b"), 5);
  now += 1000;
  deepStrictEqual([tries("a"), guesses.wait("a") > 0], [2, true]);
  now += 60_000;
  strictEqual(tries("a"), 5);
});

Deno.test("Guesses remember a bounded number of addresses", () => {
  let now = 0;
  const guesses = new Guesses(() => now++);
  for (let address = 0; address < 50_000; address++) guesses.note(String(address));
  for (let guess = 0; guess < 10; guess++) guesses.note("last");
  ok(guesses.wait("last") > 0);
});

Deno.test("Secret matches itself alone, and is compared in constant time", async () => {
  const secret = new Secret("abc");
  ok(secret.matches("abc"));
  for (const other of ["", "ab", "abd", "abcd", "ABC", "abc\0"]) ok(!secret.matches(other), other);
  // What is compared are digests of one length, by the one function that takes as long for each.
  const text = await Deno.readTextFile(new URL("../../src/web/secret.ts", import.meta.url));
  match(text, /return timingSafeEqual\(this\.#digest, digestOf\(text\)\);/);
});

Deno.test("Sessions end after a week, and the oldest where there are too many", () => {
  let now = 0;
  const sessions = new Sessions(() => now);
  const first = sessions.open();
  const signal = sessions.find(first)!;
  deepStrictEqual([sessions.find("x"), sessions.find(""), signal.aborted], [null, null, false]);
  now += 7 * 24 * 60 * 60 * 1000;
  deepStrictEqual([sessions.find(first), signal.aborted], [null, true]);
  const second = sessions.open();
  const others = Array.from({ length: 1000 }, () => sessions.open());
  strictEqual(sessions.find(second), null);
  ok(others.every((id) => sessions.find(id) !== null));
  strictEqual(new Set(others).size, 1000);
});

Deno.test("readCookie() finds the cookie of the port among others", () => {
  deepStrictEqual([cookieName("localhost:8787"), cookieName("q.example.com")], [
    "queuectl-8787",
    "queuectl-web",
  ]);
  strictEqual(readCookie("a=1;queuectl-1=x; queuectl-8787=y", "queuectl-8787"), "y");
  for (const header of [null, "", "queuectl-87871=y", "xqueuectl-8787=y", "queuectl-8787"]) {
    strictEqual(readCookie(header, "queuectl-8787"), null);
  }
});
