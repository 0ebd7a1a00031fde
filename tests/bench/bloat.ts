/**
 * `deno run -A --config tests/deno.json tests/bench/bloat.ts [--jobs 1000000] [--reader without|with|both] [--statements]
 * [--limit N] [--line 100000] [--json] [ADDRESS]`: what a store in PostgreSQL does under many jobs, without and with somebody who reads from it in one
 * transaction for the whole time, so that no old version of a row can be cleared up. Jobs come as fast as they go, in
 * portions; nothing is run. Without an address it starts a server of its own, and only then can say what CPU time it
 * takes and, by `--statements`, which statements take the longest. By `--limit` so many jobs may run at once.
 *
 * @module
 */

import { parseArgs } from "node:util";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/store.ts";
import { waitFor } from "../helpers/wait_for.ts";
import { newJob } from "../job/jobs.ts";
import { PostgresServer } from "../toolchain/postgres.ts";
import { PostgresSession } from "../toolchain/postgres_session.ts";
import { type Measured, Progress } from "./bloat/progress.ts";
import { forgetStatements, slowestStatements } from "./bloat/statements.ts";
import { tableSize } from "./bloat/table_size.ts";
import { COUNTS_STATEMENTS } from "./fleet/server_watch.ts";
import { pull } from "./postgres/queuectl.ts";
import { serverTime } from "./postgres/server_time.ts";

/** Jobs that are enqueued at once, and how many wait at the most. */
const PORTION = 10_000;
const MOST_WAITING = 50_000;

/** Milliseconds in which the server has cleared up after the reader has gone; autovacuum looks once a minute. */
const CLEARING = 150_000;

/** The workers: one with long lines behind its slots, as in front of tiny jobs, and a plain one. */
const WORKERS = [{ slots: 24, ahead: 476 }, { slots: 16, ahead: 0 }];

const { values, positionals: [given] } = parseArgs({
  allowPositionals: true,
  options: {
    jobs: { type: "string", default: "1000000" },
    reader: { type: "string", default: "both" },
    statements: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    limit: { type: "string" },
    line: { type: "string", default: "100000" },
  },
});
const jobs = Number(values.jobs);
/** Jobs that are one line of the report. */
const LINE = Number(values.line);

/** A line of the report: so many jobs had been done, and what the last {@link LINE} of them took. */
interface Line extends Measured {
  readonly reader: "without" | "with" | "gone";
  readonly jobs: number;
  /** Milliseconds of `Store.status`. */
  readonly status: number;
}

const lines: Line[] = [];

await using cleanUp = new AsyncDisposableStack();
const server = given === undefined
  ? cleanUp.use(
    await PostgresServer.run({
      isDurable: true,
      settings: { ...COUNTS_STATEMENTS, autovacuum_naptime: "15s" },
    }),
  )
  : null;
const address = given ?? server!.url;

for (const reader of ["without", "with"] as const) {
  if (values.reader === "both" || values.reader === reader) await workThrough(reader);
}
if (values.json) console.log(JSON.stringify(lines, null, 2));

async function workThrough(reader: "without" | "with"): Promise<void> {
  const schema = `bloat_${reader}`;
  await using session = await PostgresSession.open(address, schema);
  await session.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
  const url = new URL(address);
  url.searchParams.set("schema", schema);
  await using store = await openStore(url.href, { create: true });
  const progress = new Progress(
    () => server === null ? null : serverTime(server.pid),
    () => tableSize(session),
  );
  const report = async (reader: Line["reader"], jobs: number) => {
    const measured = await progress.measured();
    const begin = performance.now();
    await store.status();
    const line = { reader, jobs, ...measured, status: Math.round(performance.now() - begin) };
    lines.push(line);
    if (!values.json) console.log(line);
  };
  const looker = reader === "with" ? await PostgresSession.open(address, schema) : null;
  await looker?.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM job LIMIT 1");
  if (server !== null && values.statements) await forgetStatements(server);
  if (values.limit !== undefined) {
    await store.configureQueue("default", { limit: Number(values.limit) }, { create: true });
  }
  await using workers = new AsyncDisposableStack();
  for (const [n, places] of WORKERS.entries()) {
    const onTick = (took: number, done: number) => progress.note(took, done);
    workers.use(await pull(store, `bloat-${n}`, places, { onTick }));
  }
  let enqueued = 0;
  for (let line = LINE; line <= jobs; line += LINE) {
    while (enqueued < jobs && enqueued < line + MOST_WAITING) {
      await progress.reaches(enqueued + PORTION - MOST_WAITING);
      await enqueue(store, enqueued);
      enqueued += PORTION;
    }
    await progress.reaches(line);
    await report(reader, line);
    if (server !== null && values.statements) {
      console.error(await slowestStatements(server));
      await forgetStatements(server);
    }
  }
  if (looker === null) return;
  await looker[Symbol.asyncDispose]();
  const cleared = async () => (await tableSize(session)).dead < LINE / 2;
  await waitFor(cleared, { timeout: CLEARING, interval: 1000 }).catch(() => {});
  // As many jobs as fill what was left free.
  for (let n = 0; n < 2; n++) {
    for (const end = enqueued + LINE; enqueued < end; enqueued += PORTION) {
      await progress.reaches(enqueued + PORTION - MOST_WAITING);
      await enqueue(store, enqueued);
    }
    await progress.reaches(enqueued);
    await report("gone", enqueued);
  }
}

async function enqueue(store: Store, from: number): Promise<void> {
  await store.enqueue(Array.from({ length: PORTION }, (_, n) => newJob(`job-${from + n}`)));
}
