/** What a job is given on its standard input. */

import assert from "node:assert/strict";
import { BOTH_STORES, flow } from "./stage.ts";

flow(
  "a command reads its stdin, byte for byte, in every attempt; otherwise it is empty",
  async (stage) => {
    const stdin = "first\nsecond 'quoted' $HOME ü\r\nno end of line";
    const command = "cat; test $QUEUECTL_ATTEMPT = 2";
    const specs = [
      { id: "job", command, stdin, backoff_base: 0.1 },
      { id: "none", command: "cat; wc -c" },
      { id: "unread", command: "echo on", stdin: "nobody reads it" },
    ];
    await stage.run(["enqueue"], { stdin: JSON.stringify(specs) });
    const { stderr } = await stage.run(["worker", "start", "--drain", "--count", "2"]);
    for (const attempt of ["1", "2"]) {
      assert.equal(await stage.ok("logs", "job", "--attempt", attempt), stdin);
    }
    assert.equal((await stage.ok("logs", "none")).trim(), "0");
    assert.equal(await stage.ok("logs", "unread"), "on\n");
    assert.doesNotMatch(stderr, /quoted|nobody/);
  },
  { stores: BOTH_STORES },
);

flow("a command reads 16 MiB of stdin", async (stage) => {
  const text = "0123456789abcde\n".repeat(1024 * 1024);
  await Deno.writeTextFile(stage.join("big"), text);
  await stage.enqueue("cksum", "--id", "job", "--stdin-file", "big");
  // It may begin a moment before the file goes.
  const wait = "while ls $QUEUECTL_DB.d | grep -q '[.]in$'; do sleep 0.02; done";
  await stage.enqueue(wait, "--id", "next", "-r", "0", "--timeout", "10s");
  await stage.ok("worker", "start", "--drain");
  assert.equal(await stage.ok("logs", "job"), await stage.sh("cksum < big"));
  assert.equal((await stage.job("next")).state, "completed", "the file is removed");
}, { vias: ["source"] });

flow(
  "the stdin of a job whose worker is killed is removed, and read again by the next attempt",
  async (stage) => {
    const command = "echo $$ >> begun; test $QUEUECTL_ATTEMPT = 2 || sleep 300; cat";
    const spec = { id: "job", command, stdin: "the input", backoff_base: 0.1 };
    await stage.run(["enqueue"], { stdin: JSON.stringify(spec) });
    const victim = await stage.worker();
    await stage.untilLines("begun");
    const inputs = () => stage.leftovers().filter((name) => name.endsWith(".in"));
    const [first] = inputs();
    assert.equal((await Deno.stat(`${stage.directory}/${first}`)).mode! & 0o777, 0o600);
    victim.kill("SIGKILL");
    await victim.ended();
    await stage.ok("worker", "start", "--drain");
    assert.deepEqual(inputs(), []);
    const { state, attempts } = await stage.job("job");
    assert.deepEqual([state, attempts], ["completed", 2]);
    assert.equal(await stage.ok("logs", "job"), "the input");
  },
  { vias: ["source"] },
);
