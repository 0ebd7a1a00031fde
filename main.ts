/**
 * The entry of `queuectl`.
 *
 * @module
 */

import { run } from "./src/cli/run.ts";
import { DENO } from "./src/cli/system.ts";

Deno.exit(await run(Deno.args, DENO));
