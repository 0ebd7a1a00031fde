/** What commands write is stored. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { BOTH_STORES, flow } from "./stage.ts";

const MIB = 1024 * 1024;

flow("output is kept to the byte: binary, no last newline, two streams", async (stage) => {
  const bytes = Uint8Array.from({ length: 4096 }, (_, n) => (n * 7 + (n >> 8)) % 256);
  await Deno.writeFile(stage.join("blob"), bytes);
  await stage.enqueue("cat blob; printf 'to \\377 stderr' >&2", "--id", "binary");
  await stage.enqueue("printf 'no newline'", "--id", "bare");
  await stage.enqueue("true", "--id", "silent");
  await stage.enqueue("echo one; sleep 0.5; echo two >&2; sleep 0.5; echo three", "--id", "mixed");
  await stage.ok("worker", "start", "--drain", "--count", "4");
  const stdout = await stage.run(["logs", "binary", "--stdout"]);
  assert.deepEqual(stdout.stdoutBytes, bytes);
  const stderr = await stage.run(["logs", "binary", "--stderr"]);
  assert.deepEqual(
    [...stderr.stdoutBytes],
    [...new TextEncoder().encode("to ?"), ...new TextEncoder().encode(" stderr")]
      .map((byte) => byte === 63 ? 0xff : byte),
  );
  assert.equal(await stage.ok("logs", "bare"), "no newline");
  const silent = await stage.run(["logs", "silent"]);
  assert.deepEqual([silent.code, silent.stdout], [0, ""]);
  assert.equal(await stage.ok("logs", "mixed"), "one\ntwo\nthree\n");
  assert.equal(await stage.ok("logs", "mixed", "--stdout"), "one\nthree\n");
  assert.equal(await stage.ok("logs", "mixed", "--stderr"), "two\n");
  const [log] = (await stage.job("binary")).attempt_log;
  assert.equal(log?.output_bytes, bytes.length + "to . stderr".length);
}, { vias: ["source", "executable", "oldest"], stores: BOTH_STORES });

/** Ten million bytes and more in lines that differ. */
const TEN_MB = "seq -f 'line %.0f of many' 1 600000 | head -c 10485760";

/** Without a diff in words: of 10 MB that would take minutes. */
function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  const at = actual.findIndex((byte, n) => byte !== expected[n]);
  assert.equal(at, -1, `${what}: differs at byte ${at}`);
}

async function tenMegabytes(): Promise<Uint8Array> {
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", TEN_MB] }).output();
  assert.equal(stdout.length, 10 * MIB);
  return stdout;
}

flow("of 10 MB the first and the last 512 KiB are kept", async (stage) => {
  await stage.enqueue(TEN_MB, "--id", "quick");
  // Slowly enough to be looked at while it runs.
  await stage.enqueue(`${TEN_MB} | (head -c 3000000; sleep 0.6; cat)`, "--id", "slow");
  await stage.ok("worker", "start", "--drain", "--count", "2");
  const all = await tenMegabytes();
  for (const id of ["quick", "slow"]) {
    const { stdoutBytes: kept, stderr } = await stage.run(["logs", id, "--stdout"]);
    const half = MIB / 2;
    assertSameBytes(kept.subarray(0, half), all.subarray(0, half), `${id}: the first half`);
    assertSameBytes(kept.subarray(-half), all.subarray(-half), `${id}: the last half`);
    const gap = new TextDecoder().decode(kept.subarray(half, -half)) + stderr;
    assert.match(gap.replaceAll(",", ""), /9437184 bytes|9 MiB/, id);
    assert.equal((await stage.job(id)).attempt_log[0]?.output_bytes, all.length);
  }
});

flow("with max_output 16MiB all of 10 MB is kept", async (stage) => {
  await stage.ok("config", "set", "max_output", "16MiB");
  await stage.enqueue(TEN_MB, "--id", "big");
  await stage.ok("worker", "start", "--drain");
  const { stdoutBytes } = await stage.run(["logs", "big", "--stdout"]);
  assertSameBytes(stdoutBytes, await tenMegabytes(), "all of it");
});

flow("logs -f shows a running job's output as it comes, over its attempts", async (stage) => {
  const command = "echo attempt $QUEUECTL_ATTEMPT; until test -e go; do sleep 0.05; done; " +
    "echo going; exit $((2 - QUEUECTL_ATTEMPT))";
  await stage.enqueue(command, "--id", "job", "--backoff-base", "0.1");
  await stage.worker();
  const following = await stage.spawn(["logs", "-f", "job"]);
  await following.line("attempt 1", { stream: "stdout" });
  assert.equal(following.stdout, "attempt 1\n");
  await Deno.writeTextFile(stage.join("go"), "");
  const { code, stdout } = await following.ended();
  assert.equal(code, 0);
  assert.equal(stdout, "attempt 1\ngoing\nattempt 2\ngoing\n");
}, { stores: BOTH_STORES });

flow("spool files and the store belong to the user alone", async (stage) => {
  await stage.enqueue("echo secret; until test -e go; do sleep 0.05; done", "--id", "job");
  await stage.worker();
  await waitFor(() => Deno.stat(stage.directory).then(() => true, () => false));
  await stage.until("job", "processing");
  const paths = [...Deno.readDirSync(stage.directory)].map(({ name }) => name);
  assert.ok(paths.length > 2, "files of the job");
  for (const name of paths) {
    const { mode } = await Deno.stat(`${stage.directory}/${name}`);
    assert.equal((mode ?? 0) & 0o777, 0o600, name);
  }
  assert.equal(((await Deno.stat(stage.directory)).mode ?? 0) & 0o777, 0o700);
  assert.equal(((await Deno.stat(stage.store)).mode ?? 0) & 0o777, 0o600);
  await Deno.writeTextFile(stage.join("go"), "");
});
