import assert from "node:assert/strict";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { Events } from "../../src/observe/events.ts";
import { Tracing } from "../../src/observe/tracing.ts";
import type { AttemptEnd, Claim, RunningAttempt, Settled } from "../../src/store/tick.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
/** The SDK takes a small number for one of the monotonic clock. */
const BEGIN = Date.UTC(2030, 0);
const PARENT = `00-${TRACE}-${SPAN}-01`;

class Scene {
  readonly #exporter = new InMemorySpanExporter();
  readonly events = new Events();
  readonly tracing: Tracing;
  worker = "w1";

  constructor() {
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })],
    });
    this.tracing = new Tracing(provider.getTracer("test"), this.events, () => this.worker);
  }

  /** What was sent. */
  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans();
  }

  settle(settled: Partial<Settled> = {}): void {
    const whole: Settled = {
      ...{ jobId: "job", token: "t", state: "completed", outcome: "completed" },
      ...{ exitCode: 0, error: null, runAt: null },
      ...settled,
    };
    this.events.emit({ type: "job_ended", settled: whole });
  }
}

function claim(traceparent?: string): Claim {
  return {
    ...{ jobId: "job", token: "t", attempt: 1, stdin: null, isAhead: false },
    env: traceparent === undefined ? {} : { TRACEPARENT: traceparent },
    job: {
      ...{ id: "job", command: "true", queue: "mail", attempts: 1, maxRetries: 3, timeout: null },
      ...{ cwd: null, schedule: null, fireTime: null },
    },
  };
}

const RESCUED: RunningAttempt = {
  ...{ jobId: "job", token: "t", attempt: 2, cwd: null, isAhead: false },
  launcher: { pid: 1, startTime: "1" },
  trace: { queue: "mail", startedAt: BEGIN, traceparent: PARENT },
};

const LOST: AttemptEnd = {
  ...{ jobId: "job", token: "t", finishedAt: BEGIN + 4000, chunks: [], outputBytes: 0 },
  outcome: { kind: "lost", error: "died" },
};

Deno.test("Tracing sends a span when its attempt is settled, which ends with the command", () => {
  const scene = new Scene();
  const { TRACEPARENT } = scene.tracing.begin(claim(PARENT));
  const finishedAt = Date.now() + 500;
  scene.tracing.ended("t", finishedAt);
  assert.equal(scene.spans.length, 0);
  scene.settle();
  const [span] = scene.spans as [ReadableSpan];
  const { traceId, spanId } = span.spanContext();
  assert.equal(traceId, TRACE);
  assert.equal(TRACEPARENT, `00-${TRACE}-${spanId}-01`);
  assert.equal(span.parentSpanContext?.spanId, SPAN);
  assert.equal(span.endTime[0] * 1000 + Math.round(span.endTime[1] / 1e6), finishedAt);
  // A second end changes nothing.
  scene.settle();
  assert.equal(scene.spans.length, 1);
});

Deno.test("Tracing sends nothing of what never began, and of a trace that nobody records", () => {
  const scene = new Scene();
  scene.tracing.begin(claim());
  scene.settle({ outcome: null, state: "cancelled" });
  assert.deepEqual(scene.tracing.begin(claim(PARENT.replace(/1$/, "0"))), {});
  scene.settle();
  assert.equal(scene.spans.length, 0);
});

Deno.test("Tracing calls an end stale after which the job had moved on", () => {
  const scene = new Scene();
  scene.tracing.begin(claim());
  scene.events.emit({ type: "attempt_stale", token: "t" });
  const [span] = scene.spans as [ReadableSpan];
  assert.equal(span.attributes["queuectl.outcome"], "stale");
  assert.equal(span.status.code, 2);
});

Deno.test("Tracing takes only failures for errors", () => {
  const outcomes = {
    ...{ completed: 0, cancelled: 0, handed_back: 0 },
    ...{ failed: 2, timed_out: 2, not_started: 2, lost: 2 },
  } as const;
  for (const [outcome, code] of Object.entries(outcomes)) {
    const scene = new Scene();
    scene.tracing.begin(claim());
    scene.settle({ outcome: outcome as keyof typeof outcomes, error: "why" });
    const [{ status }] = scene.spans as [ReadableSpan];
    assert.deepEqual({ ...status }, code === 0 ? { code } : { code, message: "why" }, outcome);
  }
});

Deno.test("Tracing tells of an attempt of a lost worker, unless another rescuer was faster", () => {
  for (const wasFaster of [false, true]) {
    const scene = new Scene();
    scene.tracing.rescued("w0", [RESCUED], [LOST]);
    if (wasFaster) scene.events.emit({ type: "attempt_stale", token: "t" });
    scene.settle({ outcome: "lost", state: "dead", error: "its worker died" });
    assert.equal(scene.spans.length, wasFaster ? 0 : 1);
    if (wasFaster) continue;
    const { startTime, endTime, attributes, parentSpanContext } = scene.spans[0]!;
    assert.deepEqual([startTime[0], endTime[0]], [BEGIN / 1000, BEGIN / 1000 + 4]);
    assert.equal(parentSpanContext?.spanId, SPAN);
    assert.equal(attributes["queuectl.worker.id"], "w0");
    assert.equal(attributes["queuectl.rescued_by"], "w1");
    assert.equal(attributes["queuectl.attempt"], 2);
  }
});

Deno.test("Tracing goes on with the span of an own attempt whose executor has failed", () => {
  const scene = new Scene();
  const { TRACEPARENT } = scene.tracing.begin(claim());
  const { trace: _, ...own } = RESCUED;
  scene.tracing.rescued("w1", [own], [LOST]);
  scene.settle({ outcome: "lost", state: "failed", error: "its executor failed" });
  assert.equal(scene.spans.length, 1);
  const { spanContext, attributes } = scene.spans[0]!;
  assert.equal(spanContext.call(scene.spans[0]).spanId, TRACEPARENT!.split("-")[2]);
  assert.equal(attributes["queuectl.rescued_by"], undefined);
});
