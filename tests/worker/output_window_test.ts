import assert from "node:assert/strict";
import fc from "fast-check";
import type { OutputChunk, Stream } from "../../src/worker/protocol.ts";
import { OutputWindow } from "../../src/worker/output_window.ts";

/** What a store does with chunks: first drops, then appends. */
class Kept {
  readonly chunks = new Map<number, OutputChunk>();

  add(chunks: readonly OutputChunk[]): void {
    for (const chunk of chunks) {
      for (const seq of [...this.chunks.keys()]) {
        if (chunk.dropped && seq >= chunk.dropped.from && seq < chunk.dropped.to) {
          this.chunks.delete(seq);
        }
      }
      assert(!this.chunks.has(chunk.seq), `a second chunk with seq ${chunk.seq}`);
      this.chunks.set(chunk.seq, chunk);
    }
  }

  sorted(): OutputChunk[] {
    return [...this.chunks.values()].sort((a, b) => a.seq - b.seq);
  }

  bytes(): number {
    return this.sorted().reduce((sum, chunk) => sum + chunk.bytes.length, 0);
  }

  missing(): number {
    return this.sorted().reduce((sum, chunk) => sum + chunk.missing, 0);
  }
}

/** One look: new bytes of both streams, read as the window plans. Returns them in order of reading. */
function look(window: OutputWindow, streams: Record<Stream, Uint8Array>): Uint8Array[] {
  const at = { stdout: 0, stderr: 0 };
  const order: Uint8Array[] = [];
  const rest = { stdout: streams.stdout.length, stderr: streams.stderr.length };
  for (const { stream, skip, length } of window.plan(rest)) {
    order.push(streams[stream].subarray(at[stream], at[stream] + skip + length));
    window.skip(skip);
    at[stream] += skip;
    const bytes = streams[stream].slice(at[stream], at[stream] + length);
    // Two chunks of what is read, to have boundaries within a look.
    const middle = Math.ceil(bytes.length / 2);
    window.push(stream, bytes.subarray(0, middle), 0);
    if (middle < bytes.length) window.push(stream, bytes.subarray(middle), 0);
    at[stream] += length;
  }
  assert.deepEqual(at, rest, "a plan covers all that is new");
  return order;
}

/** A byte per position, so that a wrong one is seen. */
function counter() {
  let next = 0;
  return (length: number) => Uint8Array.from({ length }, () => next++ % 251);
}

Deno.test("OutputWindow keeps exactly the first and the last half of one stream", () => {
  const sizes = fc.array(fc.nat(60), { maxLength: 30 });
  fc.assert(
    fc.property(fc.nat(100), sizes, (maxOutput, looks) => {
      const window = new OutputWindow("t", maxOutput);
      const kept = new Kept();
      const bytes = counter();
      const all: number[] = [];
      for (const size of looks) {
        const stdout = bytes(size);
        all.push(...stdout);
        look(window, { stdout, stderr: new Uint8Array() });
        kept.add(window.take());
        assert(kept.bytes() <= maxOutput, "never more than the budget");
      }
      kept.add(window.finish());

      const half = Math.floor(maxOutput / 2);
      const expected = all.length <= maxOutput
        ? all
        : [...all.slice(0, half), ...all.slice(all.length - (maxOutput - half))];
      assert.deepEqual(kept.sorted().flatMap((chunk) => [...chunk.bytes]), expected);
      assert.equal(window.position, all.length);
      if (maxOutput > 1) assert.equal(kept.missing(), all.length - expected.length);
    }),
    { numRuns: 500 },
  );
});

Deno.test("OutputWindow shows by seq where bytes are missing, at any time", () => {
  const looks = fc.array(fc.tuple(fc.nat(60), fc.nat(60)), { maxLength: 20 });
  fc.assert(
    fc.property(fc.nat(100), looks, (maxOutput, sizes) => {
      const window = new OutputWindow("t", maxOutput);
      const kept = new Kept();
      const bytes = counter();
      const written: number[] = [];
      for (const [out, err] of sizes) {
        for (const part of look(window, { stdout: bytes(out), stderr: bytes(err) })) {
          written.push(...part);
        }
        kept.add(window.take());
        for (const chunk of kept.chunks.values()) {
          const there = written.slice(chunk.seq, chunk.seq + chunk.bytes.length);
          assert.deepEqual([...chunk.bytes], there, "a chunk is where its seq says");
        }
      }
      kept.add(window.finish());
      let end = 0;
      for (const chunk of kept.sorted()) {
        assert.equal(chunk.missing, chunk.seq - end, "in the end, missing says the same as seq");
        end = chunk.seq + chunk.bytes.length;
      }
      assert.equal(kept.bytes(), Math.min(maxOutput, written.length));
    }),
    { numRuns: 500 },
  );
});

for (const little of ["stdout", "stderr"] as const) {
  Deno.test(`OutputWindow keeps all of a little ${little} beside much of the other`, () => {
    const window = new OutputWindow("t", 100);
    const kept = new Kept();
    const much = { stdout: new Uint8Array(1000), stderr: new Uint8Array(1000) };
    look(window, { ...much, [little]: new Uint8Array(10) });
    kept.add(window.finish());
    const chunks = kept.sorted().filter((chunk) => chunk.stream === little);
    assert.equal(chunks.reduce((sum, chunk) => sum + chunk.bytes.length, 0), 10);
    assert.equal(kept.bytes(), 100);
  });
}

Deno.test("OutputWindow.plan() never reads what will not be kept", () => {
  const window = new OutputWindow("t", 100);
  const plan = window.plan({ stdout: 1e9, stderr: 1e9 });
  assert.equal(plan.reduce((sum, segment) => sum + segment.length, 0), 100);
  assert.equal(plan.reduce((sum, segment) => sum + segment.skip, 0), 2e9 - 100);
});
