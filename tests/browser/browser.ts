/**
 * The browser of the tests, the screenshots and the benchmarks.
 *
 * @module
 */

import { type Browser, chromium as browsers } from "playwright-core";
import { type Chromium, chromium } from "../toolchain/chromium.ts";

const installed: Chromium | string = await chromium().catch((error) => String(error));

/** Why there is no browser; null if there is one. */
export const noBrowser: string | null = typeof installed === "string" ? installed : null;

/**
 * Starts the browser.
 *
 * @throws {Error} if there is none
 */
export async function startBrowser(): Promise<Browser> {
  if (typeof installed === "string") throw new Error(installed);
  return await browsers.launch({
    executablePath: installed.executable,
    env: { ...Deno.env.toObject(), ...installed.env },
    // The sandbox needs more rights than a container gives; the only pages are our own.
    args: ["--headless=shell", "--no-sandbox", "--no-zygote"],
  });
}
