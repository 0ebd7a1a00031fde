import { deepStrictEqual } from "node:assert/strict";
import { tempDir } from "../../helpers/temp_dir.ts";
import { loadedBy } from "./loaded.ts";

/** What a worker loads only if it is to be watched, or to be part of traces. */
const WATCHING =
  /^npm:(@opentelemetry|hono)|^src\/web\/(?!listen_address)|metrics|health|tracing\.ts/;

Deno.test("a worker loads nothing of --listen and of traces that it is not asked for", async () => {
  await using dir = await tempDir();
  const loaded = await loadedBy(dir.path, [
    ...["--db", dir.join("queue.db")],
    ...["worker", "start", "--drain"],
  ]);
  deepStrictEqual(loaded.filter((name) => WATCHING.test(name)), ["src/cli/tracing.ts"]);
});
