import assert from "node:assert/strict";
import { storeDirectory, type StoreName } from "../../../src/store/postgres/directory.ts";

const NAME: StoreName = { host: "db.example", port: 5432, database: "jobs", schema: "queuectl" };

function at(name: Partial<StoreName>, env: Record<string, string> = { HOME: "/home/ada" }): string {
  return storeDirectory({ ...NAME, ...name }, (variable) => env[variable]);
}

Deno.test("storeDirectory() is in the user's data directory, and says which store it is of", () => {
  assert.match(
    at({}),
    /^\/home\/ada\/\.local\/share\/queuectl\/postgres\/jobs-queuectl-[0-9a-f]{16}\.d$/,
  );
  assert.match(at({}, { XDG_DATA_HOME: "/data" }), /^\/data\/queuectl\/postgres\/jobs-/);
  assert.equal(at({}, {}).startsWith(`/tmp/queuectl-${Deno.uid()}/queuectl/postgres/`), true);
});

Deno.test("storeDirectory() is another one for each store, and the same for the same", () => {
  const names: Partial<StoreName>[] = [
    {},
    { host: "other" },
    { port: 5433 },
    { database: "a", schema: "b-c" },
    { database: "a-b", schema: "c" },
    { database: "ä" },
    { database: "ö" },
    { host: "/run/postgresql" },
    { database: "x".repeat(63), schema: "y".repeat(63) },
    { database: "../../x", schema: "." },
  ];
  assert.equal(new Set(names.map((name) => at(name))).size, names.length);
  assert.equal(at({}), at({ ...NAME }));
  for (const name of names) {
    const last = at(name).slice("/home/ada/.local/share/queuectl/postgres/".length);
    assert.match(last, /^[A-Za-z0-9._-]{1,62}\.d$/);
  }
});
