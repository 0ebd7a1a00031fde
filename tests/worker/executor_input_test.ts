import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { open, text } from "./executor_scene.ts";

Deno.test("An executor gives a command its input, byte for byte, and otherwise nothing", async () => {
  await using it = await open();
  const input = "first\nsecond \0 ü 漢 'quoted' $HOME";
  const end = await it.run("cat", { stdin: input });
  assert.equal(text(end.chunks, "stdout"), input);
  for (const stdin of [null, ""]) {
    assert.equal((await it.run("wc -c", { stdin })).chunks[0]?.bytes[0], "0".charCodeAt(0));
  }
});

Deno.test("An executor gives a command an input of 16 MiB", async () => {
  await using it = await open();
  const end = await it.run("cksum", { stdin: "ü234567890abcd\n".repeat(1024 * 1024) });
  const expected = await new Deno.Command("/bin/sh", {
    args: ["-c", "yes ü234567890abcd | head -n 1048576 | cksum"],
  }).output();
  assert.equal(text(end.chunks, "stdout"), new TextDecoder().decode(expected.stdout));
  assert.match(text(end.chunks, "stdout"), / 16777216\n$/);
});

Deno.test("An executor keeps the input for itself, and removes it with the rest", async () => {
  await using it = await open();
  const token = it.begin("until [ -e go ]; do sleep 0.01; done; cat", { stdin: "secret" });
  const file = `${it.spool}/${token}.in`;
  const { mode } = await waitFor(() => Deno.stat(file).catch(() => null));
  assert.equal(mode! & 0o777, 0o600);
  await Deno.writeTextFile(it.work.join("go"), "");
  const end = await it.ended(token);
  assert.equal(text(end.chunks, "stdout"), "secret");
  it.send({ type: "work", settled: [token], start: [] });
  const own = () => [...Deno.readDirSync(it.spool)].filter(({ name }) => name.startsWith(token));
  await waitFor(() => own().length === 0);
});

Deno.test("An executor begins nothing whose input is in somebody's way", async () => {
  await using it = await open();
  const token = crypto.randomUUID();
  await Deno.writeTextFile(`${it.spool}/${token}.in`, "planted");
  const end = await it.run("cat >got", { token, stdin: "mine" });
  assert.equal(end.result.kind, "not_begun");
  assert.deepEqual([...Deno.readDirSync(it.work.path)], []);
});
