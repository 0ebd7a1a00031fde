/**
 * Makes what every thread of the tests needs and none should make beside the others: the executable, the
 * oldest Deno with its packages, and the browser.
 *
 * @module
 */

import { start } from "../helpers/program.ts";
import { chromium } from "./chromium.ts";

for (const make of [() => start("executable"), () => start("oldest"), chromium]) {
  try {
    await make();
  } catch (error) {
    // The tests that need it will fail, and say why.
    console.error(error instanceof Error ? error.message : error);
  }
}
