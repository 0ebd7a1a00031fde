import assert from "node:assert/strict";
import { spoolPaths, SpoolReader } from "../../src/worker/spool.ts";
import { SpoolProbe } from "../../src/worker/spool_probe.ts";
import { tempDir } from "../helpers/temp_dir.ts";
import { waitFor } from "../helpers/wait_for.ts";

Deno.test("SpoolProbe.look() finds out whether files can be made, and again when they can", async () => {
  await using dir = await tempDir();
  const spool = dir.join("spool");
  const probe = new SpoolProbe(spool);
  assert.deepEqual([probe.look(), probe.isBroken], [null, false]);
  await Deno.remove(spool);
  await Deno.writeTextFile(spool, "in its place");
  assert.match(probe.look() ?? "", /os error/);
  assert.ok(probe.isBroken);
  await Deno.remove(spool);
  // Not at once: looking costs something, too.
  assert.deepEqual([probe.look(), probe.isBroken], [null, true]);
  await waitFor(() => {
    probe.look();
    return !probe.isBroken;
  });
  assert.deepEqual([...Deno.readDirSync(spool)], []);
});

Deno.test("SpoolReader.finish() gives what can be read of a disk that fails", async () => {
  await using dir = await tempDir();
  const paths = spoolPaths(dir.path, "t1");
  using reader = SpoolReader.create(paths, "t1", 1000);
  await Deno.writeTextFile(paths.stdout, "before", { append: true });
  const read = () => reader.look().map(({ bytes }) => new TextDecoder().decode(bytes));
  assert.deepEqual(read(), ["before"]);
  await Deno.writeTextFile(paths.stdout, "after", { append: true });
  const { readSync } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.readSync = () => {
    throw new Error("Input/output error (os error 5)");
  };
  try {
    assert.deepEqual(read(), []);
    assert.deepEqual(reader.finish(), []);
  } finally {
    Deno.FsFile.prototype.readSync = readSync;
  }
  assert.deepEqual(read(), ["after"]);
});
