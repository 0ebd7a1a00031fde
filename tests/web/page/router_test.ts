import { deepEqual, equal } from "node:assert/strict";
import { assert, property, string } from "fast-check";
import { jobPath, linkTo, readQuery, readView } from "../../../src/web/page/router.ts";

Deno.test("readView() knows the path of each view, with and without a slash at its end", () => {
  deepEqual(readView("/"), { name: "overview" });
  for (const name of ["jobs", "dlq", "queues", "workers", "schedules", "enqueue"] as const) {
    deepEqual(readView(`/${name}`), { name });
    deepEqual(readView(`/${name}/`), { name });
  }
});

Deno.test("readView() takes what stands behind /jobs/ as the id, also with slashes", () => {
  deepEqual(readView("/jobs/a"), { name: "job", id: "a" });
  deepEqual(readView("/jobs/a/b"), { name: "job", id: "a/b" });
  deepEqual(readView("/jobs/a%2Fb%3Fc"), { name: "job", id: "a/b?c" });
});

Deno.test("readView() says unknown of what it does not know and of broken escapes", () => {
  for (const path of ["/job", "/jobs/%", "/jobs/%ff", "/constructor", "/__proto__", "/Jobs"]) {
    deepEqual(readView(path), { name: "unknown" }, path);
  }
});

Deno.test("readView() reads what jobPath() writes, whatever the id", () => {
  assert(property(string({ minLength: 1, unit: "grapheme" }), (id) => {
    // A slash at the end is no part of an id that can be.
    deepEqual(readView(jobPath(id)), { name: "job", id });
  }));
});

Deno.test("linkTo() leaves out what is empty and keeps commas readable", () => {
  equal(linkTo("/jobs"), "/jobs");
  equal(
    linkTo("/jobs", { state: "dead,failed", queue: null, text: "" }),
    "/jobs?state=dead,failed",
  );
  equal(linkTo("/jobs", { text: "a&b=c d" }), "/jobs?text=a%26b%3Dc+d");
});

Deno.test("readQuery() reads what linkTo() writes, and drops what is empty", () => {
  const query = { state: "dead,failed", text: "a&b=c d+e#<script>" };
  deepEqual({ ...readQuery(linkTo("", query)) }, query);
  deepEqual({ ...readQuery("?a=&b=1") }, { b: "1" });
});

Deno.test("readQuery() takes a repeated key as a list, and __proto__ as any other key", () => {
  deepEqual({ ...readQuery("?state=dead&state=failed") }, { state: "dead,failed" });
  equal(readQuery("?__proto__=x")["__proto__"], "x");
  equal(readQuery("")["toString"], undefined);
});
