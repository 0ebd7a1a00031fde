/**
 * A store with something in each of its tables, for tests that move it.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { fullQueue } from "../cli/full_queue.ts";
import { tempDir } from "../helpers/temp_dir.ts";

let withLost: Promise<Uint8Array> | null = null;
let calm: Promise<Uint8Array> | null = null;

/** Makes the store at a path; nobody has it open, and its worker died while it ran a job. */
export async function makeStoreWithLost(path: string): Promise<void> {
  await write(path, await (withLost ??= storeBytes()));
}

/** Makes the store at a path; nobody has it open, and no worker is missed. */
export async function makeStore(path: string): Promise<void> {
  await write(path, await (calm ??= calmBytes()));
}

async function write(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, bytes, { mode: 0o600 });
  await Deno.mkdir(`${path}.d`, { mode: 0o700 });
}

async function calmBytes(): Promise<Uint8Array> {
  await using temp = await tempDir();
  const path = temp.join("calm.db");
  await makeStoreWithLost(path);
  const database = new DatabaseSync(path);
  database.exec(`UPDATE job SET state = 'dead', token = NULL, finished_at = started_at + 1
      WHERE state = 'processing';
    UPDATE attempt SET outcome = 'lost', finished_at = started_at + 1 WHERE outcome IS NULL;
    DELETE FROM worker;
    -- What a tick may leave for the next one.
    INSERT INTO ended_parent VALUES ('busy')`);
  database.close();
  return await Deno.readFile(path);
}

async function storeBytes(): Promise<Uint8Array> {
  await using temp = await tempDir();
  const path = temp.join("copy.db");
  await using queue = await fullQueue();
  const { store } = queue;
  await store.configureQueue("slow", { rate: { count: 2, period: 600_000 } }, { create: true });
  await queue.ran({ id: "rated", queue: "slow", priority: 100 }, 0);
  await store.configureQueue("mail", { paused: true, limit: 3 });
  await store.configure("lease", "40s");
  await queue.add({ id: "secret", env: { TOKEN: "s3cret", EMPTY: "" } });
  await queue.add({ id: "short", queue: "once" });
  await queue.cli("cancel", "short");
  await queue.cli("delete", "short");
  for (const [name, cron] of [["nightly", "@daily"], ["often", "* * * * *"]] as const) {
    await queue.cli("schedule", "add", name, "--cron", cron, "--env=A=b", "--", "true");
  }
  await store.pauseSchedule("often", true);
  await queue.tick({ isBrief: true });
  const database = new DatabaseSync(queue.path);
  // Its process was this one.
  database.exec("UPDATE worker SET pid = 1073741824, process_start = '1'");
  database.exec(`VACUUM INTO '${path}'`);
  database.close();
  return await Deno.readFile(path);
}
