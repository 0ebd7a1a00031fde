/**
 * What only the adapter can see of a store in PostgreSQL: whether the server keeps what it is given, whether the
 * schema is whole and its rows fit together, whether the server gets behind with its upkeep, and who may touch it.
 * Each question is a transaction of its own, so that no snapshot is held for long.
 *
 * @module
 */

import { StoreError, StoreLockedError } from "../../errors.ts";
import { type Check, type ExamineOptions, problem, unusable } from "../examination.ts";
import type { Deed } from "../sql/engine.ts";
import { clockCheck } from "../sql/examine_clock.ts";
import { parentsCheck } from "../sql/examine_parents.ts";
import { recordsCheck } from "../sql/examine_records.ts";
import type { Patient } from "../sql/patient.ts";
import { all, get } from "../sql/work.ts";
import { accessCheck } from "./examine_access.ts";
import { clocksCheck } from "./examine_clocks.ts";
import { locksCheck } from "./examine_locks.ts";
import { schemaCheck } from "./examine_schema.ts";
import { connectionsCheck, durabilityCheck, versionCheck } from "./examine_server.ts";
import { holdersCheck, upkeepCheck } from "./examine_upkeep.ts";
import { psqlCommand } from "./psql.ts";

/** What a check of a server is made with. */
export interface ServerPatient extends Pick<Patient, "rows"> {
  /** The URL without anything secret. */
  readonly location: string;
  readonly schema: string;
  /** The server's clock at the first look, and how far this process's own was ahead of it; milliseconds. */
  readonly now: number;
  readonly ahead: number;
  /** A command line that runs statements in the store's schema, one after the other. */
  psql(...statements: readonly string[]): string;
}

/** What is to be examined. */
export interface Examination {
  ask<T>(deed: Deed<T>): Promise<T>;
  /** The URL without anything secret. */
  readonly location: string;
  readonly options: ExamineOptions;
}

/** Counts the jobs anew, while nobody changes any. */
const RECOUNT = `LOCK TABLE gate IN ACCESS EXCLUSIVE MODE; DELETE FROM counter_part;
  DELETE FROM counter_sum; INSERT INTO counter_part (state, queue, jobs) SELECT state, queue, count(*) FROM job
  GROUP BY state, queue`;

type Examiner = (server: ServerPatient, rows: Patient) => Promise<Check> | Check;

/** The checks, by their names: a check that fails has a name all the same. */
const EXAMINERS: readonly (readonly [string, Examiner])[] = [
  ["versions", versionCheck],
  ["durable", durabilityCheck],
  ["schema", schemaCheck],
  ["records", (_, patient) => recordsCheck(patient)],
  ["parents", (_, patient) => parentsCheck(patient)],
  ["clocks", clocksCheck],
  ["times", (_, patient) => clockCheck(patient)],
  ["locks", locksCheck],
  ["holders", holdersCheck],
  ["upkeep", upkeepCheck],
  ["sessions", connectionsCheck],
  ["access", accessCheck],
];

/** See `Store.examine`. */
export async function* examine(examination: Examination): AsyncGenerator<Check> {
  const { server, rows } = await prepare(examination);
  for (const [name, examiner] of EXAMINERS) {
    yield await orUnreadable(name, () => examiner(server, rows));
  }
}

async function prepare({ ask, location, options }: Examination) {
  const before = Date.now();
  const { now, schema } = await ask(function* (now) {
    const row = yield* get("SELECT current_schema() AS schema");
    return { now, schema: row?.schema as string };
  });
  // Halfway between the question and its answer.
  const ahead = (before + Date.now()) / 2 - now;
  const psql = (...statements: readonly string[]) => psqlCommand(location, schema, ...statements);
  const rows: Patient["rows"] = (sql, ...values) => ask(() => all(sql, ...values));
  const server: ServerPatient = { rows, location, schema, now, ahead, psql };
  const patient: Patient = {
    ...{ rows, recount: RECOUNT, clockOf: "the server", options: { ...options, now } },
    sqlCommand: (sql) => psql(sql),
  };
  return { server, rows: patient };
}

/** What cannot be read is said, and the rest is looked at all the same. */
async function orUnreadable(name: string, check: () => Promise<Check> | Check): Promise<Check> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const finding = error instanceof StoreLockedError
      ? problem(error.message, "See who keeps others waiting (locks), and look again")
      : unusable(error.message, "See what the server's log says");
    return { name, text: "", findings: [finding] };
  }
}
