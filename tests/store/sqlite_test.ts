import { SqliteStore } from "../../src/store/sqlite/sqlite_store.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { conformance } from "./conformance.ts";

conformance("sqlite", async (surroundings) => {
  const directory = await tempDir();
  return {
    open: () => SqliteStore.open(directory.join("q.db"), { create: true, surroundings }),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
});
