/**
 * Makes what every thread of the tests needs and none should make beside the others: the executable, and
 * the oldest Deno with its packages.
 *
 * @module
 */

import { start } from "../helpers/program.ts";

for (const via of ["executable", "oldest"] as const) {
  try {
    await start(via);
  } catch (error) {
    // The tests that need it will fail, and say why.
    console.error(error instanceof Error ? error.message : error);
  }
}
