import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { OutputJson } from "../../src/json/output_json.ts";
import type { OutputPiece } from "../../src/store/store.ts";
import type { Stream } from "../../src/worker/protocol.ts";
import { AttemptOutput, type Piece } from "../../src/attempt_output.ts";
import { Queue, START, type Written } from "./queue.ts";

const BINARY = Uint8Array.of(0, 255, 10, 0x1b, 0xc3);

/** A queue whose job has written this and ended. */
async function wrote(...written: Written[]): Promise<Queue> {
  const queue = await Queue.open();
  await queue.join();
  await queue.ran("job-1", 0, ...written);
  return queue;
}

Deno.test("logs merges both streams in the order of arrival, raw", async () => {
  await using queue = await wrote(
    ["stdout", "out\x1b[31m\n"],
    ["stderr", "err\n"],
    ["stdout", "no newline"],
  );
  const { code, stdout, stderr } = await queue.cli("logs", "job-1");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "out\x1b[31m\nerr\nno newline",
    stderr: "",
  });
  strictEqual((await queue.cli("log", "job-1", "--stdout", "--stderr")).stdout, stdout);
});

Deno.test("logs --stdout and --stderr are exact to the byte", async () => {
  await using queue = await wrote(["stdout", BINARY], ["stderr", "x"], ["stdout", BINARY]);
  const { bytes, stderr } = await queue.cli("logs", "job-1", "--stdout");
  deepStrictEqual([...bytes], [...BINARY, ...BINARY]);
  strictEqual(stderr, "");
  strictEqual((await queue.cli("logs", "job-1", "--stderr")).stdout, "x");
});

Deno.test("logs shows the latest attempt, or the one that is asked for", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "job-1", maxRetries: 1, backoffBase: 1 }, 1, ["stdout", "first"]);
  queue.now += 2000;
  const second = await queue.claim();
  await queue.write(second, ["stdout", "second"]);
  strictEqual((await queue.cli("logs", "job-1")).stdout, "second");
  strictEqual((await queue.cli("logs", "job-1", "--attempt", "1")).stdout, "first");
  strictEqual((await queue.cli("logs", "job-1", "--attempt=2")).stdout, "second");
  const { code, stdout, stderr } = await queue.cli("logs", "job-1", "--attempt", "3");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 3,
    stdout: "",
    stderr: "queuectl: Job job-1 has no attempt 3: so far it has had 2 attempts\n",
  });
  strictEqual((await queue.cli("logs", "job-1", "--attempt", "0")).code, 2);
});

Deno.test("logs says on stderr why there is nothing", async () => {
  await using queue = await Queue.open();
  await queue.join();
  const says = async (...args: string[]) => {
    const { code, stdout, stderr } = await queue.cli("logs", "job-1", ...args);
    deepStrictEqual({ code, stdout }, { code: 0, stdout: "" });
    return stderr;
  };
  await queue.add("job-1");
  strictEqual(await says(), "Job job-1 has not run yet: it is pending\n");
  const claim = await queue.claim();
  match(
    await says(),
    /^Job job-1 has written nothing yet; to wait for it: queuectl logs -f job-1$/m,
  );
  await queue.end(claim, 0, ["stdout", "x"]);
  strictEqual(await says("--stderr"), "Attempt 1 of job job-1 wrote nothing to stderr\n");
  strictEqual((await queue.cli("logs", "job-1", "--stderr", "--json")).stdout, "[]\n");
  const unknown = await queue.cli("logs", "nope");
  deepStrictEqual([unknown.code, unknown.stderr], [3, 'queuectl: There is no job "nope"\n']);
});

Deno.test("logs --timestamps puts the time before each line", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  const claim = await queue.claim();
  await queue.write(claim, ["stdout", "one\ntw"]);
  queue.now = START + 250;
  await queue.end(claim, 0, ["stdout", "o\nthree\n"]);
  strictEqual(
    (await queue.cli("logs", "job-1", "-t")).stdout,
    "2026-01-02T03:04:05.000Z one\n" +
      "2026-01-02T03:04:05.000Z two\n" +
      "2026-01-02T03:04:05.250Z three\n",
  );
});

Deno.test("logs says how much is missing, and where", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  const claim = await queue.claim();
  await queue.write(claim, ["stdout", "head"]);
  queue.skip(claim, 9_437_184);
  await queue.write(claim, ["stdout", "tail\n"]);
  queue.skip(claim, 1);
  await queue.end(claim, 0, ["stderr", "last"]);
  const note = "[… 9,437,184 bytes are missing here …]\n";
  const note1 = "[… 1 byte is missing here …]\n";
  strictEqual((await queue.cli("logs", "job-1")).stdout, `head\n${note}tail\n${note1}last`);
  const { stdout, stderr } = await queue.cli("logs", "job-1", "--stdout");
  deepStrictEqual({ stdout, stderr }, { stdout: "headtail\n", stderr: note + note1 });
  deepStrictEqual(
    JSON.parse((await queue.cli("logs", "job-1", "--json")).stdout).map(
      ({ text, missing }: { text: string; missing?: number }) => [text, missing],
    ),
    [["head", undefined], ["tail\n", 9_437_184], ["last", 1]],
  );
});

Deno.test("logs says that nothing of the output was kept", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  const claim = await queue.claim();
  queue.skip(claim, 5);
  await queue.end(claim, 0);
  strictEqual((await queue.cli("logs", "job-1")).stdout, "[… 5 bytes are missing here …]\n");
  deepStrictEqual(JSON.parse((await queue.cli("logs", "job-1", "--json")).stdout), [
    { time: null, stream: "stdout", text: "", missing: 5 },
  ]);
});

Deno.test("logs --json is an array of time, stream and text", async () => {
  const euro = new TextEncoder().encode("€");
  await using queue = await wrote(
    ["stdout", "a"],
    ["stdout", euro.subarray(0, 1)],
    ["stderr", "e\n"],
    ["stdout", euro.subarray(1)],
    ["stdout", Uint8Array.of(255, 0)],
  );
  const time = "2026-01-02T03:04:05.000Z";
  deepStrictEqual(JSON.parse((await queue.cli("logs", "job-1", "--json")).stdout), [
    { time, stream: "stdout", text: "a" },
    { time, stream: "stderr", text: "e\n" },
    { time, stream: "stdout", text: "€" },
    { time, stream: "stdout", base64: "/wA=" },
  ]);
  deepStrictEqual(JSON.parse((await queue.cli("logs", "job-1", "--json", "--stderr")).stdout), [
    { time, stream: "stderr", text: "e\n" },
  ]);
});

const STREAM = fc.constantFrom<Stream>("stdout", "stderr");

function bytesOf(pieces: readonly { stream: Stream; text?: string; base64?: string }[]) {
  const all: Record<Stream, number[]> = { stdout: [], stderr: [] };
  for (const { stream, text, base64 } of pieces) {
    all[stream].push(
      ...text === undefined
        ? [...atob(base64!)].map((char) => char.charCodeAt(0))
        : new TextEncoder().encode(text),
    );
  }
  return all;
}

Deno.test("OutputJson keeps every byte of either stream, however it is cut", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 6 }),
    fc.string({ unit: "grapheme", minLength: 1 }).map((text) => new TextEncoder().encode(text)),
  );
  fc.assert(fc.property(fc.array(fc.tuple(STREAM, bytes, fc.nat(3))), (written) => {
    const json = new OutputJson(null);
    const pieces = written.flatMap(([stream, bytes, cut]) => [
      { stream, time: 0, missing: 0, bytes: bytes.subarray(0, cut) },
      { stream, time: 0, missing: 0, bytes: bytes.subarray(cut) },
    ]);
    const printed = [...pieces.flatMap((piece) => [...json.convert(piece)]), ...json.end()];
    const expected: Record<Stream, number[]> = { stdout: [], stderr: [] };
    for (const [stream, bytes] of written) expected[stream].push(...bytes);
    deepStrictEqual(bytesOf(printed), expected);
  }));
});

Deno.test("OutputJson gives text only, where all is UTF-8, however it is cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 5 }), (text, size) => {
      const bytes = new TextEncoder().encode(text);
      const json = new OutputJson(null);
      const printed = [];
      for (let from = 0; from < bytes.length; from += size) {
        const piece = { time: 0, missing: 0, bytes: bytes.subarray(from, from + size) };
        printed.push(...json.convert({ stream: "stdout", ...piece }));
      }
      printed.push(...json.end());
      strictEqual(printed.map(({ text }) => text).join(""), text.toWellFormed());
    }),
  );
});

Deno.test("OutputJson joins nothing across a gap, and keeps a byte order mark", () => {
  const json = new OutputJson(null);
  const euro = new TextEncoder().encode("€");
  const bom = Uint8Array.of(0xef, 0xbb, 0xbf, 0x61);
  const pieces = [
    { missing: 0, bytes: bom },
    { missing: 0, bytes: euro.subarray(0, 1) },
    { missing: 9, bytes: euro.subarray(1) },
  ].flatMap((piece) => [...json.convert({ stream: "stdout", time: 0, ...piece })]);
  deepStrictEqual(pieces.map(({ text, base64, missing }) => [text ?? base64, missing]), [
    ["\ufeffa", undefined],
    ["4g==", undefined],
    ["gqw=", 9],
  ]);
});

Deno.test("logs -f prints what comes, over all attempts, until the job has ended", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add({ id: "job-1", maxRetries: 1, backoffBase: 2 });
  const logs = queue.start("logs", "-f", "job-1");
  await logs.says("Job job-1 is pending; waiting for attempt 1\n");
  const first = await queue.claim();
  await queue.write(first, ["stdout", "one "]);
  await logs.prints("one ");
  await queue.write(first, ["stderr", "two\n"]);
  await logs.prints("two\n");
  await queue.end(first, 9, ["stdout", "three\n"]);
  await logs.says("is due in 2s; waiting for attempt 2\n");
  queue.now += 2000;
  const second = await queue.claim();
  await logs.says("Attempt 2 begins\n");
  await queue.end(second, 0, ["stdout", "four"]);
  const { code, stdout, stderr } = await logs.ended;
  deepStrictEqual({ code, stdout }, { code: 0, stdout: "one two\nthree\nfour" });
  strictEqual(
    stderr,
    "Job job-1 is pending; waiting for attempt 1\n" +
      "Attempt 1 begins\n" +
      "Job job-1 is failed: exit code 9; it is due in 2s; waiting for attempt 2\n" +
      "Attempt 2 begins\n" +
      "Job job-1 completed\n",
  );
});

Deno.test("logs -f of a job that has ended prints its last attempt and ends", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran("job-1", 1, ["stdout", "x\n"]);
  const { code, stdout, stderr } = await queue.cli("logs", "--follow", "job-1");
  deepStrictEqual({ code, stdout, stderr }, {
    code: 0,
    stdout: "x\n",
    stderr: "Job job-1 is dead: exit code 1\n",
  });
  const gone = await queue.cli("logs", "-f", "job-1", "--attempt", "2");
  deepStrictEqual([gone.code, gone.stderr], [
    3,
    "queuectl: Job job-1 ended without attempt 2\n",
  ]);
});

Deno.test("logs -f --attempt ends with the attempt", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.ran({ id: "job-1", maxRetries: 1, backoffBase: 2 }, 1, ["stdout", "x"]);
  const { code, stdout } = await queue.cli("logs", "-f", "job-1", "--attempt", "1");
  deepStrictEqual({ code, stdout }, { code: 0, stdout: "x" });
});

Deno.test("logs -f --json prints a JSON value a line, as it comes", async () => {
  await using queue = await Queue.open();
  await queue.join();
  await queue.add("job-1");
  const claim = await queue.claim();
  const logs = queue.start("logs", "-f", "--json", "job-1");
  await queue.write(claim, ["stdout", Uint8Array.of(0x61, 0xe2)]);
  await logs.prints('"a"');
  await queue.end(claim, 0, ["stderr", "e\n"]);
  const { stdout } = await logs.ended;
  const time = "2026-01-02T03:04:05.000Z";
  deepStrictEqual(stdout.trimEnd().split("\n").map((line) => JSON.parse(line)), [
    { time, stream: "stdout", text: "a" },
    { time, stream: "stderr", text: "e\n" },
    { time, stream: "stdout", base64: "4g==" },
  ]);
});

Deno.test("logs -f fails when the job is deleted", async () => {
  await using queue = await Queue.open();
  await queue.add("job-1");
  const logs = queue.start("logs", "-f", "job-1");
  await logs.says("waiting for attempt 1");
  await queue.store.remove("job-1", ["pending"]);
  const { code, stderr } = await logs.ended;
  strictEqual(code, 3);
  match(stderr, /^queuectl: Job job-1 was deleted$/m);
});

Deno.test("logs -f goes on where it was when a rescuer stores the output anew", async () => {
  for (const rescued of ["one two three", "one two "]) {
    await using queue = await Queue.open();
    await queue.join();
    await queue.add("job-1");
    const { jobId, token } = await queue.claim();
    const claim = { jobId, token };
    const chunk = (stream: Stream, seq: number, text: string) => ({
      token,
      seq,
      stream,
      time: START,
      bytes: new TextEncoder().encode(text),
      missing: 0,
      dropped: null,
    });
    const logs = queue.start("logs", "-f", "job-1", "--stdout");
    await queue.tick({ output: [{ ...claim, chunk: chunk("stdout", 0, "one ") }] });
    await queue.tick({ output: [{ ...claim, chunk: chunk("stderr", 4, "err") }] });
    await queue.tick({ output: [{ ...claim, chunk: chunk("stdout", 7, "two ") }] });
    await logs.prints("two ");
    await queue.tick({
      ended: [{
        ...claim,
        outcome: { kind: "lost", error: "its worker w0 died" },
        finishedAt: START,
        replacesOutput: true,
        chunks: [chunk("stdout", 0, rescued), chunk("stderr", rescued.length, "error")],
        outputBytes: rescued.length + 5,
      }],
    });
    const { stdout, stderr } = await logs.ended;
    deepStrictEqual({ stdout, stderr }, {
      stdout: rescued,
      stderr: "Job job-1 is dead: its worker w0 died\n",
    });
  }
});

Deno.test("AttemptOutput gives each byte once and counts each one that is missing", async () => {
  // As the worker's window does: pieces in the middle go while they are read, and at the end one that
  // went comes back in part.
  const piece = (seq: number, text: string, missing = 0): OutputPiece => ({
    seq,
    stream: "stdout",
    time: 0,
    bytes: new TextEncoder().encode(text),
    missing,
  });
  let stored = [piece(0, "head"), piece(4, "aaaa")];
  const output = new AttemptOutput(
    {
      output: (_job: string, _attempt: number, from: number) =>
        Promise.resolve(stored.filter(({ seq }) => seq >= from).slice(0, 1)),
    } as never,
    "job-1",
    1,
  );
  const read = async (pieces: AsyncIterable<Piece>) => {
    const found = [];
    for await (const { missing, bytes } of pieces) {
      found.push([missing, new TextDecoder().decode(bytes)]);
    }
    return found;
  };
  deepStrictEqual(await read(output.read()), [[0, "head"], [0, "aaaa"]]);
  stored = [piece(0, "head"), piece(16, "dddd")];
  deepStrictEqual(await read(output.read()), [[8, "dddd"]]);
  stored = [piece(0, "head"), piece(14, "cc", 10), piece(16, "dddd"), piece(20, "eeee")];
  deepStrictEqual(await read(output.readToEnd(24)), [[0, "eeee"]]);
});
