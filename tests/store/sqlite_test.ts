import { conformance } from "./conformance.ts";
import { sqliteStorage } from "./sqlite_storage.ts";

conformance("sqlite", sqliteStorage);
