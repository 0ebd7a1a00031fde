import assert from "node:assert/strict";
import { StoreError } from "../../src/errors.ts";
import { makeOwnDirectory } from "../../src/worker/own_directory.ts";
import { tempDir } from "../helpers/temp_dir.ts";

Deno.test("makeOwnDirectory() makes it, and those above it, for this user alone", async () => {
  await using dir = await tempDir();
  const path = dir.join("a/b/c");
  makeOwnDirectory(path);
  makeOwnDirectory(path);
  for (const one of ["a", "a/b", "a/b/c"]) {
    assert.equal((await Deno.stat(dir.join(one))).mode! & 0o777, 0o700, one);
  }
});

Deno.test("makeOwnDirectory() refuses what others may look into, what is none, and what is another user's", async () => {
  await using dir = await tempDir();
  const open = dir.join("open");
  await Deno.mkdir(open);
  await Deno.chmod(open, 0o750);
  assert.throws(
    () => makeOwnDirectory(open),
    (error) =>
      error instanceof StoreError && error.message.endsWith(`to close it, chmod 700 ${open}`),
  );
  await Deno.writeTextFile(dir.join("file"), "");
  assert.throws(() => makeOwnDirectory(dir.join("file/x")), StoreError);
  assert.throws(() => makeOwnDirectory(dir.join("file")), StoreError);
  await Deno.symlink(open, dir.join("link"));
  assert.throws(() => makeOwnDirectory(dir.join("link")), StoreError);
  if (Deno.uid() !== 0) return;
  // In a directory such as /tmp somebody else was first.
  const tmp = dir.join("tmp");
  await Deno.mkdir(`${tmp}/theirs`, { recursive: true });
  await Deno.chmod(tmp, 0o1777);
  await Deno.chown(`${tmp}/theirs`, 1, 1);
  assert.throws(() => makeOwnDirectory(`${tmp}/theirs/mine`), /may be another user's/);
  makeOwnDirectory(`${tmp}/ours/mine`);
});
