/** Spans for attempts, and the trace that goes from who enqueues a job to its command. */

import assert from "node:assert/strict";
import { waitFor } from "../helpers/wait_for.ts";
import { Collector } from "./collector.ts";
import { flow, type Stage } from "./stage.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const PARENT = `00-${TRACE}-${SPAN}-01`;

const PRINT = 'echo "[$TRACEPARENT]"';

/** Enqueues from within a trace. */
async function enqueue(
  stage: Stage,
  jobs: readonly Readonly<Record<string, unknown>>[],
  traceparent: string = PARENT,
): Promise<void> {
  const { code, stderr } = await stage.run(["enqueue", "-"], {
    stdin: JSON.stringify(jobs),
    env: { TRACEPARENT: traceparent },
  });
  assert.equal(code, 0, stderr);
}

flow("each attempt is a span in the trace of who enqueued the job", async (stage) => {
  await using collector = new Collector();
  const env = collector.env();
  await enqueue(stage, [
    { id: "ok", queue: "mail", command: PRINT },
    { id: "twice", max_retries: 1, backoff_base: 0, command: "exit 3" },
    { id: "slow", max_retries: 0, timeout: 0.2, command: "sleep 60" },
    { id: "killed", max_retries: 0, command: "kill -9 $$" },
    { id: "nowhere", max_retries: 0, cwd: "/nowhere", command: "true" },
    { id: "cancelled", command: "echo begun >> begun; sleep 60" },
  ]);
  await enqueue(stage, [{ id: "unsampled", command: PRINT }], PARENT.replace(/1$/, "0"));
  await enqueue(stage, [{ id: "malformed", command: PRINT }], "00-junk");
  const worker = await stage.worker(["--count", "8", "--name", "w"], { env });
  await stage.untilLines("begun");
  await stage.ok("cancel", "cancelled");
  await stage.until("cancelled", "cancelled");
  await stage.until("slow", "dead");
  await stage.until("twice", "dead");
  worker.kill();
  await stage.end(worker);
  // All has come by the time that the worker has ended.
  const one = (job: string) => {
    const spans = collector.of(job);
    assert.equal(spans.length, 1, job);
    return spans[0]!;
  };
  const ok = one("ok");
  const { service, name, kind, traceId, parentSpanId, status } = ok;
  assert.deepEqual({ service, name, kind }, { service: "jobs", name: "process mail", kind: 5 });
  assert.deepEqual({ traceId, parentSpanId }, { traceId: TRACE, parentSpanId: SPAN });
  assert.notEqual(status.code, 2);
  assert.equal(await stage.ok("logs", "ok"), `[00-${TRACE}-${ok.spanId}-01]\n`);
  assert.partialDeepStrictEqual(ok.attributes, {
    "messaging.destination.name": "mail",
    "queuectl.queue": "mail",
    "queuectl.attempt": 1,
    "queuectl.outcome": "completed",
    "queuectl.job.state": "completed",
    "queuectl.exit_code": 0,
  });
  assert.match(String(ok.attributes["queuectl.worker.id"]), /^w-/);
  const { started_at, finished_at } = (await stage.job("ok")).attempt_log[0]!;
  assert.ok(Math.abs(ok.startMs - Date.parse(started_at)) < 1000);
  assert.ok(Math.abs(ok.endMs - Date.parse(finished_at!)) < 1);

  const twice = collector.of("twice");
  assert.deepEqual(twice.map(({ attributes }) => attributes["queuectl.attempt"]), [1, 2]);
  assert.deepEqual(
    twice.map(({ attributes }) => attributes["queuectl.job.state"]),
    ["failed", "dead"],
  );
  for (const { traceId, parentSpanId, status, attributes } of twice) {
    assert.deepEqual({ traceId, parentSpanId }, { traceId: TRACE, parentSpanId: SPAN });
    assert.deepEqual({ ...status }, { code: 2, message: "exit code 3" });
    assert.equal(attributes["error.type"], "failed");
  }
  const slow = one("slow");
  assert.equal(slow.attributes["queuectl.outcome"], "timed_out");
  assert.equal(slow.status.code, 2);
  assert.ok(slow.endMs - slow.startMs >= 200);
  assert.equal(one("killed").attributes["queuectl.exit_code"], 137);
  assert.equal(one("nowhere").attributes["queuectl.outcome"], "not_started");
  const cancelled = one("cancelled");
  assert.equal(cancelled.attributes["queuectl.outcome"], "cancelled");
  assert.notEqual(cancelled.status.code, 2);
  // A trace that nobody records gets no span, and goes on to the command as it is.
  assert.deepEqual(collector.of("unsampled"), []);
  assert.equal(await stage.ok("logs", "unsampled"), `[00-${TRACE}-${SPAN}-00]\n`);
  const malformed = one("malformed");
  assert.equal(malformed.parentSpanId, "");
  assert.equal(
    await stage.ok("logs", "malformed"),
    `[00-${malformed.traceId}-${malformed.spanId}-01]\n`,
  );
});

flow("an attempt that died with its worker is told of by who rescues it", async (stage) => {
  await using collector = new Collector();
  const env = collector.env();
  const script = "test $QUEUECTL_ATTEMPT = 2 || { echo begun >> begun; sleep 60; }";
  await enqueue(stage, [{ id: "job", backoff_base: 0, command: script }]);
  const lost = await stage.worker(["--name", "lost"], { env });
  await stage.untilLines("begun");
  lost.kill("SIGKILL");
  await lost.ended();
  await stage.end(await stage.spawn(["worker", "start", "--drain", "--name", "heir"], { env }));
  const [first, second] = collector.of("job");
  for (const { traceId, parentSpanId } of [first!, second!]) {
    assert.deepEqual({ traceId, parentSpanId }, { traceId: TRACE, parentSpanId: SPAN });
  }
  assert.equal(first!.attributes["queuectl.outcome"], "lost");
  assert.match(String(first!.attributes["queuectl.worker.id"]), /^lost-/);
  assert.match(String(first!.attributes["queuectl.rescued_by"]), /^heir-/);
  assert.match(first!.status.message!, /^its worker lost-\S+ died$/);
  assert.ok(first!.endMs > first!.startMs);
  assert.equal(second!.attributes["queuectl.outcome"], "completed");
  assert.equal(collector.of("job").length, 2);
}, { vias: ["source"] });

flow("the spans of a slot do not overlap, however short its jobs are", async (stage) => {
  await using collector = new Collector();
  await enqueue(stage, Array.from({ length: 60 }, () => ({ command: "true" })), "");
  const args = ["worker", "start", "--drain", "--count", "1"];
  await stage.end(await stage.spawn(args, { env: collector.env() }));
  const spans = collector.spans.toSorted((a, b) => a.startMs - b.startMs);
  assert.equal(spans.length, 60);
  const early = spans.filter(({ startMs }, i) => startMs < (spans[i - 1]?.endMs ?? 0));
  assert.deepEqual(early, []);
}, { vias: ["source"] });

flow("spans are sent as protobuf unless a variable says otherwise", async (stage) => {
  await using collector = new Collector();
  const { OTEL_EXPORTER_OTLP_PROTOCOL: _, ...env } = collector.env();
  await stage.enqueue("true", "--id=job");
  await stage.end(await stage.spawn(["worker", "start", "--drain"], { env }));
  await waitFor(() => collector.others.length > 0);
  const [{ type, bytes }] = collector.others as [Collector["others"][0]];
  assert.equal(type, "application/x-protobuf");
  assert.ok(new TextDecoder().decode(bytes).includes("process default"));
});

flow("a worker works on while nobody takes its spans", async (stage) => {
  const env = { OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" };
  await stage.enqueue("true", "--id=job");
  const { stderr } = await stage.end(await stage.spawn(["worker", "start", "--drain"], { env }));
  assert.match(stderr, /job completed/);
});

flow("a job finds the trace of who enqueued it, not that of its worker", async (stage) => {
  const own = { TRACEPARENT: "mine" };
  await enqueue(stage, [{ id: "traced", command: PRINT }, { id: "own", env: own, command: PRINT }]);
  await stage.enqueue(PRINT, "--id=plain");
  const worker = await stage.worker([], { env: { TRACEPARENT: PARENT.replace("b7", "c8") } });
  const run = await stage.run(["run", "--command", PRINT], { env: { TRACEPARENT: PARENT } });
  assert.equal(run.stdout, `[${PARENT}]\n`);
  const shown = { traced: `[${PARENT}]\n`, own: "[mine]\n", plain: "[]\n" };
  for (const [id, output] of Object.entries(shown)) {
    await stage.until(id, "completed");
    assert.equal(await stage.ok("logs", id), output);
  }
  worker.kill();
  await stage.end(worker);
}, { vias: ["source"] });
