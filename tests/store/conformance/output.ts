import assert from "node:assert/strict";
import type { OutputPiece } from "../../../src/store/store.ts";
import type { Claim } from "../../../src/store/tick.ts";
import type { OutputChunk } from "../../../src/worker/protocol.ts";
import {
  chunk,
  COMPLETED,
  FAILED,
  LOST,
  type Register,
  type Scene,
  type Worker,
} from "../scene.ts";

/** The output of attempts. */
export function outputTests(test: Register): void {
  test("output: pieces in order, with stream, time and what is missing", async (scene) => {
    const [worker, claim] = await running(scene);
    await store(worker, claim, [
      chunk(claim.token, 0, "out", { time: 11 }),
      chunk(claim.token, 1, "err", { time: 12, stream: "stderr" }),
    ]);
    const rest = chunk(claim.token, 2, "rest", { time: 13, missing: 1_000_000 });
    await worker.tick({ ended: [worker.end(claim, COMPLETED, { chunks: [rest] })] });
    const pieces = await scene.store.output("a", 1, 0);
    assert.deepEqual(pieces.map(({ bytes: _, ...piece }) => piece), [
      { seq: 0, stream: "stdout", time: 11, missing: 0 },
      { seq: 1, stream: "stderr", time: 12, missing: 0 },
      { seq: 2, stream: "stdout", time: 13, missing: 1_000_000 },
    ]);
    assert.deepEqual(texts(pieces), ["out", "err", "rest"]);
  });

  test("output: can be read while the job runs, from another handle", async (scene) => {
    const [worker, claim] = await running(scene);
    await store(worker, claim, [chunk(claim.token, 0, "so far")]);
    assert.deepEqual(texts(await (await scene.open()).output("a", 1, 0)), ["so far"]);
  });

  test("output: bytes stay as they are", async (scene) => {
    const [worker, claim] = await running(scene);
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    // A view into a larger buffer stores what it shows, no more.
    const view = new Uint8Array([7, 7, ...bytes, 7]).subarray(2, 258);
    await store(worker, claim, [
      chunk(claim.token, 0, "", { bytes: view }),
      chunk(claim.token, 1, ""),
    ]);
    const pieces = await scene.store.output("a", 1, 0);
    assert.deepEqual(pieces.map((piece) => [...piece.bytes]), [[...bytes], []]);
  });

  test("output: what comes in the same tick as the attempt's end is kept", async (scene) => {
    const [worker, claim] = await running(scene);
    const { jobId, token } = claim;
    await worker.tick({
      output: [{ jobId, token, chunk: chunk(token, 0, "live ") }],
      ended: [worker.end(claim, COMPLETED, { chunks: [chunk(token, 5, "rest")] })],
    });
    assert.deepEqual(texts(await scene.store.output("a", 1, 0)), ["live ", "rest"]);
  });

  test("output: a dropped range is gone", async (scene) => {
    const [worker, claim] = await running(scene);
    const numbers = [0, 1, 2, 3, 4];
    await store(worker, claim, numbers.map((seq) => chunk(claim.token, seq, String(seq))));
    const last = chunk(claim.token, 5, "5", { missing: 2, dropped: { from: 1, to: 3 } });
    await store(worker, claim, [last]);
    assert.deepEqual(texts(await scene.store.output("a", 1, 0)), ["0", "3", "4", "5"]);
  });

  test("output: is kept apart by attempt and by job", async (scene) => {
    const [worker, first] = await running(scene);
    const write = (claim: Claim, text: string) =>
      worker.tick({
        ended: [worker.end(claim, FAILED, { chunks: [chunk(claim.token, 0, text)] })],
      });
    await write(first, "first");
    await scene.enqueue("b", { priority: 1 });
    await write(await worker.claimOne(), "other");
    const second = await worker.claimOne();
    await write(second, "second");
    assert.equal(second.attempt, 2);
    assert.deepEqual(texts(await scene.store.output("a", 1, 0)), ["first"]);
    assert.deepEqual(texts(await scene.store.output("a", 2, 0)), ["second"]);
    assert.deepEqual(texts(await scene.store.output("b", 1, 0)), ["other"]);
    assert.deepEqual(await scene.store.output("a", 3, 0), []);
    assert.deepEqual(await scene.store.output("nobody", 1, 0), []);
  });

  test("output: a rescuer's spool takes the place of what is stored", async (scene) => {
    const [worker, claim] = await running(scene);
    await store(worker, claim, [chunk(claim.token, 0, "half"), chunk(claim.token, 1, " a line")]);
    const rescuer = await scene.worker("rescuer");
    const chunks = [chunk(claim.token, 0, "the whole")];
    await rescuer.tick({
      ended: [rescuer.end(claim, LOST, { chunks, replacesOutput: true, outputBytes: 9 })],
    });
    assert.deepEqual(texts(await scene.store.output("a", 1, 0)), ["the whole"]);
    assert.equal((await scene.store.attempts("a"))[0]?.outputBytes, 9);
  });

  test("output: a piece that comes twice is stored once and fails nothing", async (scene) => {
    const [worker, claim] = await running(scene);
    await store(worker, claim, [chunk(claim.token, 0, "once")]);
    const again = [chunk(claim.token, 0, "once"), chunk(claim.token, 1, "more")];
    await worker.tick({ ended: [worker.end(claim, COMPLETED, { chunks: again })] });
    assert.deepEqual(texts(await scene.store.output("a", 1, 0)), ["once", "more"]);
  });

  test("output: from a seq on", async (scene) => {
    const [worker, claim] = await running(scene);
    await store(worker, claim, [0, 1, 2].map((seq) => chunk(claim.token, seq, String(seq))));
    assert.deepEqual(texts(await scene.store.output("a", 1, 1)), ["1", "2"]);
    assert.deepEqual(await scene.store.output("a", 1, 3), []);
  });

  test("output: comes in portions of some MiB that leave nothing out", async (scene) => {
    const [worker, claim] = await running(scene);
    const MiB = 1024 * 1024;
    const sizes = [5 * MiB, 1, 2 * MiB, 3 * MiB, MiB];
    const chunks = sizes.map((size, seq) =>
      chunk(claim.token, seq, "", { bytes: new Uint8Array(size).fill(seq) })
    );
    await worker.tick({ ended: [worker.end(claim, COMPLETED, { chunks })] });
    const read: OutputPiece[] = [];
    let portion = await scene.store.output("a", 1, 0);
    while (portion.length > 0) {
      const size = portion.reduce((sum, { bytes }) => sum + bytes.length, 0);
      assert.ok(portion.length === 1 || size <= 4 * MiB + 3 * MiB, `a portion of ${size} bytes`);
      read.push(...portion);
      portion = await scene.store.output("a", 1, portion.at(-1)!.seq + 1);
    }
    assert.deepEqual(read.map(({ seq }) => seq), sizes.map((_, seq) => seq));
    assert.deepEqual(read.map(({ bytes }) => bytes.length), sizes);
    assert.ok(read.every(({ seq, bytes }) => bytes.every((byte) => byte === seq)));
  });
}

async function running(scene: Scene): Promise<[Worker, Claim]> {
  await scene.enqueue("a", { maxRetries: 1, backoffBase: 0 });
  const worker = await scene.worker("w");
  return [worker, await worker.claimOne()];
}

async function store(worker: Worker, claim: Claim, chunks: OutputChunk[]): Promise<void> {
  const { jobId, token } = claim;
  await worker.tick({ output: chunks.map((chunk) => ({ jobId, token, chunk })) });
}

function texts(pieces: readonly OutputPiece[]): string[] {
  return pieces.map(({ bytes }) => new TextDecoder().decode(bytes));
}
