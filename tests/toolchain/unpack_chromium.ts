/**
 * Unpacks the Chromium of the npm registry into `TMPDIR`. A program of its own, because the package looks
 * at the environment of its process for where and what.
 *
 * @module
 */

import chromium from "@sparticuz/chromium";

await chromium.executablePath();
