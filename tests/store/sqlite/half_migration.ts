/**
 * A process that dies in the middle of making a store.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { MIGRATIONS } from "../../../src/store/sqlite/migrations.ts";

const connection = new DatabaseSync(Deno.args[0]!);
connection.exec("PRAGMA journal_mode = WAL; PRAGMA cache_spill = 1; BEGIN IMMEDIATE");
connection.exec(MIGRATIONS[0]!);
Deno.kill(Deno.pid, "SIGKILL");
