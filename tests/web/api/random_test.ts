import { deepStrictEqual, ok } from "node:assert/strict";
import fc from "fast-check";
import { ROUTES } from "../../../src/web/api/routes.ts";
import type { Route } from "../../../src/web/api/route.ts";
import type { Queue } from "../../cli/queue.ts";
import { anyValue } from "../../input/values.ts";
import { Contract } from "./contract.ts";

const ODD: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, "", "\0", "\ud800", "none", "high"]),
  fc.constantFrom<unknown>([], {}, [null], [[]], { on: "any" }, ["dead1", "a"], { state: "dead" }),
  anyValue,
  fc.jsonValue({ maxDepth: 2 }),
);

const KEYS = ["command", "id", "env", "after", "__proto__", "constructor", "error", "ids", "x"];

/** An object that is nearly right, as JSON. */
function nearly(example: unknown, fields: readonly string[]): fc.Arbitrary<string> {
  const base = typeof example === "object" && example !== null ? example : {};
  const key = fc.constantFrom(...fields, ...Object.keys(base), ...KEYS);
  return fc.array(fc.tuple(key, ODD), { maxLength: 3 }).map((changes) => {
    const entries = Object.entries({ ...base }).filter(([key]) =>
      !changes.some(([changed]) => changed === key)
    );
    // By hand: `__proto__` is to be a key like any other, and one may be there twice.
    const all = [...entries, ...changes].map(([key, value]) =>
      `${JSON.stringify(key)}:${JSON.stringify(value) ?? "null"}`
    );
    return `{${all.join(",")}}`;
  });
}

function bodyFor({ body }: Route): fc.Arbitrary<string | Uint8Array<ArrayBuffer> | null> {
  const any = fc.oneof(
    fc.constant(null),
    fc.json(),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Uint8Array.from(bytes)),
  );
  if (body === null) return any;
  const fields = body.kind === "fields" ? Object.keys(body.fields) : KEYS;
  const one = nearly(body.example, fields);
  const many = fc.array(one, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { weight: 6, arbitrary: one },
    { weight: 2, arbitrary: many.map((all) => `[${all.join()}]`) },
    { weight: 2, arbitrary: many.map((all) => all.join("\n")) },
    { weight: 1, arbitrary: any },
  );
}

const NAMES = ["dead1", "waits1", "run1", "a%2Fb", "nope", "default", "s", "w1", "%00", "%FF", "é"];

/** A request that is nearly right, to any route. */
const REQUEST = fc.constantFrom(...ROUTES).chain((route) => {
  // What goes on for ever is another test's.
  const names = [...Object.keys(route.query).filter((name) => name !== "follow"), "x"];
  const query = fc.array(fc.tuple(fc.constantFrom(...names), anyValue), { maxLength: 2 });
  return fc.record({
    route: fc.constant(route),
    name: fc.constantFrom(...NAMES),
    query: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: query }),
    body: bodyFor(route),
    type: fc.constantFrom("application/json", "application/json", "application/x-ndjson", "x/y"),
  });
});

/** All that a request could change. */
async function stateOf({ store }: Queue): Promise<string> {
  const [jobs, queues, schedules, workers, settings] = [
    await store.jobs({}),
    await store.queues(),
    await store.schedules(),
    await store.workers(),
    [...await store.settings()],
  ];
  return JSON.stringify({ jobs, queues, schedules, workers, settings });
}

Deno.test("whatever is sent, a route answers as the document says, and what it refuses changes nothing", async () => {
  await using api = await Contract.open();
  const { queue } = api;
  await queue.join("w1");
  await queue.ran({ id: "dead1", maxRetries: 0 }, 1, ["stdout", "x"]);
  await queue.add("run1", { id: "waits1", uniqueKey: "k" }, { id: "a/b", held: true });
  await queue.claim();
  await api.want(201, "PUT", "/schedules/s", { cron: "@daily", job: "true" });
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(REQUEST, async ({ route, name, query, body, type }) => {
      const { method, path } = route;
      const search = new URLSearchParams([...query ?? []]).toString();
      const target = `${path.replace("/api", "").replace(/\{\w+\}/, name)}?${search}`;
      const before = await stateOf(queue);
      const sent = method === "GET" || body === null
        ? undefined
        : typeof body === "string"
        ? body
        : new Blob([body]).stream();
      const { status } = await api.ask(method, target, sent, { "content-type": type });
      seen.set(status, (seen.get(status) ?? 0) + 1);
      ok(status < 500, `${method} ${target}: ${status}`);
      if (status >= 400) deepStrictEqual(await stateOf(queue), before, `${method} ${target}`);
    }),
    { numRuns: 200 },
  );
  // It does not refuse everything.
  ok([...seen.keys()].some((status) => status < 300), JSON.stringify([...seen]));
});
