import { conformance } from "./conformance.ts";
import { historyTests } from "./conformance/history.ts";
import { PostgresStorages } from "./postgres_storage.ts";

const newest = new PostgresStorages("newest");
conformance("PostgreSQL", newest.make, { scale: 0.05, histories: 30 });

// Histories do all that can be done with a store.
const oldest = new PostgresStorages("oldest");
historyTests("oldest PostgreSQL", oldest.make, { histories: 15 });

Deno.test.afterAll(async () => {
  for (const storages of [newest, oldest]) await storages[Symbol.asyncDispose]();
});
