import assert from "node:assert/strict";
import { StoreGoneError } from "../../../src/errors.ts";
import { LogFiles } from "../../../src/store/sqlite/log_files.ts";
import { type TempDir, tempDir } from "../../helpers/temp_dir.ts";

/** A log that was looked at once. */
async function known(dir: TempDir): Promise<LogFiles> {
  await make(dir, "-wal");
  await make(dir, "-shm");
  const log = new LogFiles(dir.join("q.db"));
  log.require();
  log.require();
  return log;
}

const make = (dir: TempDir, end: string) => Deno.writeTextFile(dir.join(`q.db${end}`), "");

/** Others make another one; the old inode is kept, so that its number is not used again. */
async function replace(dir: TempDir, end: string): Promise<void> {
  await Deno.rename(dir.join(`q.db${end}`), dir.join(`old${end}`));
  await make(dir, end);
}

for (const end of ["-wal", "-shm"]) {
  Deno.test(`LogFiles.require() notices that the ${end} was removed, and nobody came`, async () => {
    await using dir = await tempDir();
    const log = await known(dir);
    await Deno.remove(dir.join(`q.db${end}`));
    assert.throws(() => log.require(), StoreGoneError);
    assert.equal(log.isReplaced, false, "what is in it can be saved");
  });
}

Deno.test("LogFiles.isReplaced is true where others may have committed by another log", async () => {
  await using dir = await tempDir();
  const log = await known(dir);
  await replace(dir, "-wal");
  assert.throws(() => log.require(), StoreGoneError);
  assert.equal(log.isReplaced, false, "by the old index they could not");
  await replace(dir, "-shm");
  assert.throws(() => log.require(), StoreGoneError);
  assert.equal(log.isReplaced, true);
});
