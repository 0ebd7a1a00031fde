import { rejects, strictEqual } from "node:assert/strict";
import { ClosedPipeError, Output, OutputError, type Sink } from "../../src/cli/output.ts";
import { FakeSink } from "./fake_system.ts";

function failing(error: Error, times = Infinity): Sink & { readonly text: string } {
  const sink = new FakeSink();
  let left = times;
  return {
    get text() {
      return sink.text;
    },
    write: (bytes) => left-- > 0 ? Promise.reject(error) : sink.write(bytes),
    writeSync(bytes) {
      if (left-- > 0) throw error;
      return sink.writeSync(bytes);
    },
    isTerminal: () => false,
    columns: () => null,
  };
}

Deno.test("Output writes in order and whole, however little the sink takes", async () => {
  const sink = new FakeSink(null, 3);
  const output = new Output(sink, { color: false });
  output.line("héllo");
  output.write(new Uint8Array([0x61, 0x62]));
  output.write("");
  output.json({ a: [1] });
  output.jsonLine([1]);
  await output.flush();
  strictEqual(sink.text, 'héllo\nab{"a":[1]}\n[1]\n');
});

Deno.test("Output that blocks writes what came before in its order, whole, and fails the same way", async () => {
  const sink = new FakeSink(null, 3);
  const output = new Output(sink, { color: false });
  output.line("first");
  output.block();
  await output.line("second");
  strictEqual(sink.text, "first\nsecond\n");
  const closed = new Output(failing(new Deno.errors.BrokenPipe("gone"), 1), { color: false });
  closed.block();
  await rejects(closed.line("a"), ClosedPipeError);
  const full = failing(new Deno.errors.WouldBlock("full"), 2);
  const later = new Output(full, { color: false });
  later.block();
  await later.line("a");
  strictEqual(full.text, "a\n");
});

Deno.test("Output indents JSON on a terminal, but not a line of a stream", async () => {
  const sink = new FakeSink(80);
  const output = new Output(sink, { color: false });
  output.json({ a: 1 });
  await output.jsonLine({ a: 1 });
  strictEqual(sink.text, '{\n  "a": 1\n}\n{"a":1}\n');
});

Deno.test("Output has no width without a terminal", () => {
  strictEqual(new Output(new FakeSink(), { color: false }).columns, null);
  strictEqual(new Output(new FakeSink(120), { color: false }).columns, 120);
});

Deno.test("Output fails with ClosedPipeError when nobody reads, for every later write too", async () => {
  const output = new Output(failing(new Deno.errors.BrokenPipe("gone"), 1), { color: false });
  await rejects(output.line("a"), ClosedPipeError);
  await rejects(output.line("b"), ClosedPipeError);
  await rejects(output.flush(), ClosedPipeError);
});

Deno.test("Output says why it cannot write", async () => {
  const output = new Output(failing(new Error("No space left on device")), { color: false });
  await rejects(output.line("a"), (error: OutputError) => {
    strictEqual(error.message, "Cannot write the output: No space left on device");
    return error instanceof OutputError && error.exitCode === 1;
  });
});

Deno.test("Output waits for a full pipe that does not block", async () => {
  const sink = failing(new Deno.errors.WouldBlock("full"), 2);
  await new Output(sink, { color: false }).line("a");
  strictEqual(sink.text, "a\n");
});

Deno.test("Output that is lossy drops what it cannot write", async () => {
  const sink = failing(new Deno.errors.BrokenPipe("gone"), 1);
  const output = new Output(sink, { color: false, lossy: true });
  await output.line("a");
  await output.line("b");
  strictEqual(sink.text, "b\n");
});

Deno.test("Output that is abandoned waits for no reader, and writes nothing more", async () => {
  let writes = 0;
  const stuck: Sink = {
    ...failing(new Error()),
    write: () => (writes++, new Promise(() => {})),
  };
  const output = new Output(stuck, { color: false });
  const first = output.line("a");
  const second = output.line("b");
  await Promise.resolve();
  output.abandon();
  await Promise.all([first, second, output.line("c"), output.flush()]);
  strictEqual(writes, 1);
});
