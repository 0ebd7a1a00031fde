import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ROUTES } from "../../../src/web/api/routes.ts";
import { Dashboard } from "../dashboard.ts";
import { DOCUMENT, misfit, type Operation } from "./contract.ts";

function* operations(): Generator<readonly [key: string, operation: Operation]> {
  for (const [path, item] of Object.entries(DOCUMENT.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      yield [`${method.toUpperCase()} ${path}`, operation];
    }
  }
}

/** What the server answers under `/api` outside of the table. */
const OTHERS = [
  "GET /api/session",
  "POST /api/session",
  "DELETE /api/session",
  "GET /api/events",
];

Deno.test("openApiDocument() has every route and no other, each with a name of its own", () => {
  const described = [...operations()].map(([key]) => key).sort();
  const routes = ROUTES.map(({ method, path }) => `${method} ${path}`);
  deepStrictEqual(described, [...routes, ...OTHERS].sort());
  const names = [...operations()].map(([, { operationId }]) => operationId);
  strictEqual(new Set(names).size, names.length);
});

Deno.test("the paths of the document that are no routes answer as it says", async () => {
  await using dashboard = await Dashboard.open({ token: "secret" });
  for (const key of OTHERS) {
    const [method = "", path = ""] = key.split(" ");
    const { responses } = DOCUMENT.paths[path]![method.toLowerCase()]!;
    for (const token of ["secret", "wrong"]) {
      const response = await dashboard.fetch(path, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(method === "POST" ? { body: JSON.stringify({ token }) } : {}),
      });
      const type = response.headers.get("content-type")!.split(";")[0]!;
      const content = responses[response.status]?.content[type];
      ok(content !== undefined, `${key} ${token}: ${response.status} ${type}`);
      if (type !== "application/json") await response.body!.cancel();
      else strictEqual(misfit(content.schema, await response.json()), null, key);
    }
  }
});

Deno.test("openApiDocument() names every parameter of a path and says what each one means", () => {
  for (const [key, { parameters }] of operations()) {
    const inPath = parameters.filter((parameter) => parameter.in === "path");
    const named = [...key.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    deepStrictEqual(inPath.map(({ name }) => name), named, key);
    for (const { name, description } of parameters) ok(description, `${key}: ${name}`);
  }
});

Deno.test("openApiDocument() refers to nothing that it does not hold", () => {
  const known = Object.keys(DOCUMENT.components.schemas);
  const text = JSON.stringify(DOCUMENT);
  const wanted = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!);
  ok(wanted.length > 50);
  for (const ref of new Set(wanted)) {
    ok(known.some((name) => ref === `#/components/schemas/${name}`), ref);
  }
  ok(!text.includes("$defs"));
});

Deno.test("openApiDocument() has valid examples", () => {
  let count = 0;
  for (const [key, { requestBody, responses }] of operations()) {
    const contents = [requestBody, ...Object.values(responses)].flatMap((part) =>
      Object.values(part?.content ?? {})
    );
    for (const { schema, example } of contents) {
      if (example === undefined) continue;
      count++;
      strictEqual(misfit(schema, example), null, key);
    }
  }
  ok(count > 20, `${count}`);
});

Deno.test("a route that writes is none that only reads, and the other way round", () => {
  for (const { method, path, writes } of ROUTES) strictEqual(writes, method !== "GET", path);
});

Deno.test("GET /api/openapi.json is the document", async () => {
  await using dashboard = await Dashboard.open();
  const { status, body } = await dashboard.ask("/api/openapi.json");
  strictEqual(status, 200);
  deepStrictEqual((body as typeof DOCUMENT).paths, JSON.parse(JSON.stringify(DOCUMENT.paths)));
});
