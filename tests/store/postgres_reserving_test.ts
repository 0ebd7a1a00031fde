import { conformance } from "./conformance.ts";
import { PostgresStorages } from "./postgres_storage.ts";

// Each claim of a worker is a reservation, wherever that can be.
const storages = new PostgresStorages("newest", { reserving: { from: 1, pause: 0 } });
conformance("PostgreSQL, reserving", storages.make, { scale: 0.05, histories: 10 });

Deno.test.afterAll(() => storages[Symbol.asyncDispose]());
