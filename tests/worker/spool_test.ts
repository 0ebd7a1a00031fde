import assert from "node:assert/strict";
import { removeSpool, salvageOutput, spoolPaths, SpoolReader } from "../../src/worker/spool.ts";
import type { OutputChunk, Stream } from "../../src/worker/protocol.ts";
import { tempDir } from "../helpers/temp_dir.ts";

const MIB = 1024 * 1024;

/** The kept bytes of a stream, after a store has dropped and appended. */
function assemble(chunks: readonly OutputChunk[], stream: Stream): Uint8Array<ArrayBuffer> {
  const kept = new Map<number, OutputChunk>();
  for (const chunk of chunks) {
    const { from, to } = chunk.dropped ?? { from: 0, to: 0 };
    for (const seq of [...kept.keys()]) if (seq >= from && seq < to) kept.delete(seq);
    kept.set(chunk.seq, chunk);
  }
  const sorted = [...kept.values()].sort((a, b) => a.seq - b.seq);
  const parts = sorted.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes);
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Bytes that differ from their neighbours near and far. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + (i >> 8) * 7 + (i >> 16);
  return bytes;
}

function sameBytes(actual: Uint8Array<ArrayBuffer>, expected: Uint8Array<ArrayBuffer>): void {
  assert.equal(actual.length, expected.length);
  // deepEqual on megabytes takes seconds.
  const differs = actual.findIndex((byte, index) => byte !== expected[index]);
  assert.equal(differs, -1, `byte ${differs} differs`);
}

async function spool(maxOutput: number) {
  const dir = await tempDir();
  const paths = spoolPaths(dir.path, "t1");
  const reader = SpoolReader.create(paths, "t1", maxOutput);
  const writer = Deno.openSync(paths.stdout, { append: true });
  return {
    dir: dir.path,
    paths,
    reader,
    write: (bytes: Uint8Array<ArrayBuffer>) => {
      for (let at = 0; at < bytes.length;) at += writer.writeSync(bytes.subarray(at));
    },
    error: (text: string) => Deno.writeTextFileSync(paths.stderr, text, { append: true }),
    async [Symbol.asyncDispose]() {
      writer.close();
      reader[Symbol.dispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("SpoolReader.finish() keeps the first and the last 524,288 bytes of 10 MB", async () => {
  await using it = await spool(MIB);
  const all = pattern(10_000_000);
  it.write(all);
  const chunks = it.reader.finish();
  const kept = new Uint8Array(MIB);
  kept.set(all.subarray(0, MIB / 2));
  kept.set(all.subarray(all.length - MIB / 2), MIB / 2);
  sameBytes(assemble(chunks, "stdout"), kept);
  assert.equal(chunks.reduce((sum, chunk) => sum + chunk.missing, 0), all.length - MIB);
  assert.equal(it.reader.outputBytes, all.length);
  assert(chunks.every((chunk) => chunk.bytes.length <= 256 * 1024));
});

Deno.test("SpoolReader keeps the same bytes when it looked at them as they came", async () => {
  await using it = await spool(MIB);
  const all = pattern(10_000_000);
  const chunks: OutputChunk[] = [];
  for (let at = 0; at < all.length; at += 333_333) {
    it.write(all.slice(at, at + 333_333));
    chunks.push(...it.reader.look());
  }
  chunks.push(...it.reader.finish());
  const kept = new Uint8Array(MIB);
  kept.set(all.subarray(0, MIB / 2));
  kept.set(all.subarray(all.length - MIB / 2), MIB / 2);
  sameBytes(assemble(chunks, "stdout"), kept);
});

Deno.test("SpoolReader keeps all of 10 MB where 16 MiB may be kept", async () => {
  await using it = await spool(16 * MIB);
  const all = pattern(10_000_000);
  it.write(all);
  const chunks = it.reader.finish();
  sameBytes(assemble(chunks, "stdout"), all);
  assert(chunks.every((chunk) => chunk.missing === 0));
});

Deno.test("SpoolReader.finish() reads no more of 100 GB than it keeps", async () => {
  await using it = await spool(MIB);
  it.write(new TextEncoder().encode("first"));
  // A hole costs nothing. To read it all would take a minute.
  Deno.truncateSync(it.paths.stdout, 100_000_000_000);
  it.write(new TextEncoder().encode("last"));
  const kept = assemble(it.reader.finish(), "stdout");
  assert.equal(kept.length, MIB);
  assert.equal(new TextDecoder().decode(kept.subarray(0, 5)), "first");
  assert.equal(new TextDecoder().decode(kept.subarray(-4)), "last");
});

Deno.test("SpoolReader.look() cuts a file of 64 times the budget, and loses no count", async () => {
  await using it = await spool(10_000);
  const all = pattern(2_000_000);
  const chunks: OutputChunk[] = [];
  let largest = 0;
  for (let at = 0; at < all.length; at += 50_000) {
    it.write(all.slice(at, at + 50_000));
    largest = Math.max(largest, Deno.statSync(it.paths.stdout).size);
    chunks.push(...it.reader.look());
  }
  const salvaged = salvageOutput(it.dir, "t1", 10_000);
  chunks.push(...it.reader.finish());
  assert(largest < 700_000, `the file grew to ${largest}`);
  assert.equal(it.reader.outputBytes, all.length);
  const kept = new Uint8Array(10_000);
  kept.set(all.subarray(0, 5000));
  kept.set(all.subarray(all.length - 5000), 5000);
  sameBytes(assemble(chunks, "stdout"), kept);
  sameBytes(assemble(salvaged!.chunks, "stdout"), kept);
});

Deno.test("SpoolReader.look() reads a file that shrank from its start", async () => {
  await using it = await spool(MIB);
  it.write(new TextEncoder().encode("a long first line\n"));
  const chunks = it.reader.look();
  Deno.truncateSync(it.paths.stdout);
  it.write(new TextEncoder().encode("second\n"));
  chunks.push(...it.reader.finish());
  const text = new TextDecoder().decode(assemble(chunks, "stdout"));
  assert.equal(text, "a long first line\nsecond\n");
});

Deno.test("SpoolReader tells the streams apart and says when", async () => {
  await using it = await spool(MIB);
  const before = Date.now();
  it.write(new TextEncoder().encode("out"));
  it.error("err");
  const chunks = it.reader.finish();
  assert.deepEqual(chunks.map(({ stream }) => stream), ["stdout", "stderr"]);
  assert.deepEqual(chunks.map(({ seq }) => seq), [0, 3]);
  assert(chunks.every(({ time }) => time >= before && time <= Date.now()));
});

Deno.test("SpoolReader.create() makes private files, and never opens one that is there", async () => {
  await using it = await spool(MIB);
  for (const path of [it.paths.stdout, it.paths.stderr]) {
    assert.equal(Deno.statSync(path).mode! & 0o777, 0o600);
  }
  assert.throws(() => SpoolReader.create(it.paths, "t1", MIB), Deno.errors.AlreadyExists);
  const planted = spoolPaths(it.dir, "t2");
  Deno.writeTextFileSync(`${it.dir}/precious`, "precious");
  Deno.symlinkSync(`${it.dir}/precious`, planted.stdout);
  assert.throws(() => SpoolReader.create(planted, "t2", MIB), Deno.errors.AlreadyExists);
});

Deno.test("spoolPaths() refuses a token that would name a file elsewhere", () => {
  for (const token of ["", "../x", "a/b", ".", "-x", "a b", "a\n", "launcher.status"]) {
    assert.throws(() => spoolPaths("/spool", token), TypeError, token);
  }
});

Deno.test("salvageOutput() gives all that is kept, from the beginning", async () => {
  await using it = await spool(MIB);
  it.write(pattern(3_000_000));
  it.reader.look();
  const salvaged = salvageOutput(it.dir, "t1", MIB);
  assert.equal(salvaged?.chunks[0]?.seq, 0);
  assert.equal(assemble(salvaged.chunks, "stdout").length, MIB);
  assert.equal(salvaged.outputBytes, 3_000_000);
});

Deno.test("removeSpool() removes an attempt's files; then there is nothing to salvage", async () => {
  await using it = await spool(MIB);
  removeSpool(it.dir, "t1");
  removeSpool(it.dir, "t1");
  assert.deepEqual([...Deno.readDirSync(it.dir)], []);
  assert.equal(salvageOutput(it.dir, "t1", MIB), null);
});
