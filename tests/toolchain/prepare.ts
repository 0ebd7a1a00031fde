/**
 * Makes what every thread of the tests needs and none should make beside the others: the executable, the
 * oldest Deno with its packages, the browser, and PostgreSQL.
 *
 * @module
 */

import { start } from "../helpers/program.ts";
import { chromium } from "./chromium.ts";
import { postgresProgram } from "./postgres_program.ts";

const steps = [
  () => start("executable"),
  () => start("oldest"),
  chromium,
  () => postgresProgram("newest"),
  () => postgresProgram("oldest"),
];
for (const make of steps) {
  try {
    await make();
  } catch (error) {
    // The tests that need it will fail, and say why.
    console.error(error instanceof Error ? error.message : error);
  }
}
