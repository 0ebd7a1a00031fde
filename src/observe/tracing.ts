/**
 * A span for each attempt, through OpenTelemetry. Loaded only where `OTEL_DENO` asks for it.
 *
 * The span is a child of the enqueuer's, whose `TRACEPARENT` the job keeps in its environment; the command
 * finds that of its attempt's span in its stead.
 *
 * @module
 */

import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { FAILURES } from "../store/statistics.ts";
import type { AttemptEnd, AttemptTrace, Claim, RunningAttempt, Settled } from "../store/tick.ts";
import type { Events } from "./events.ts";
import { formatTraceparent, readTraceparent, type Traceparent } from "./traceparent.ts";

/** The variable by which programs tell each other of their trace. */
const TRACE_VARIABLE = "TRACEPARENT";

interface Open {
  readonly span: Span;
  /** It was another worker's. */
  readonly isRescued: boolean;
  /** When its command ended, milliseconds since the epoch; null while it runs. */
  finishedAt: number | null;
}

/** The spans of a worker's attempts. */
export class Tracing {
  readonly #tracer: Tracer;
  readonly #worker: () => string;
  /** By the token. */
  readonly #open = new Map<string, Open>();

  /** @param worker the id of the worker, which may change */
  constructor(tracer: Tracer, events: Events, worker: () => string) {
    this.#tracer = tracer;
    this.#worker = worker;
    events.subscribe((event) => {
      if (event.type === "job_ended") this.#settle(event.settled);
      if (event.type === "attempt_stale") this.#abandon(event.token);
    });
  }

  /**
   * An attempt begins; returns what its command is to find in its environment. Of a trace that is not recorded
   * there are no spans.
   */
  begin(claim: Claim): Readonly<Record<string, string>> {
    const { token, job: { queue }, env } = claim;
    const about = { queue, startedAt: Date.now(), traceparent: env[TRACE_VARIABLE] ?? null };
    const span = this.#start({ ...claim, ...about }, this.#worker());
    if (span === null) return {};
    this.#open.set(token, { span, isRescued: false, finishedAt: null });
    const { traceId, spanId, traceFlags } = span.spanContext();
    return { [TRACE_VARIABLE]: formatTraceparent({ traceId, spanId, flags: traceFlags }) };
  }

  /** Its command has ended; what that means is known when it is settled. */
  ended(token: string, finishedAt: number): void {
    const open = this.#open.get(token);
    if (open !== undefined) open.finishedAt = finishedAt;
  }

  /** Attempts of a lost worker have been cleaned up: that worker will not tell of them any more. */
  rescued(worker: string, attempts: readonly RunningAttempt[], ends: readonly AttemptEnd[]): void {
    for (const { token, finishedAt } of ends) {
      const attempt = attempts.find((attempt) => attempt.token === token);
      if (attempt?.trace !== undefined) {
        const span = this.#start({ ...attempt, ...attempt.trace }, worker);
        if (span === null) continue;
        span.setAttribute("queuectl.rescued_by", this.#worker());
        this.#open.set(token, { span, isRescued: true, finishedAt: null });
      }
      this.ended(token, finishedAt);
    }
  }

  #start(
    attempt: Pick<Claim, "jobId" | "attempt"> & AttemptTrace,
    worker: string,
  ): Span | null {
    const { queue, startedAt } = attempt;
    const parent = readTraceparent(attempt.traceparent);
    // Deno's own tracer does not look at this.
    if (parent !== null && (parent.flags & 1) === 0) return null;
    return this.#tracer.startSpan(
      `process ${queue}`,
      {
        kind: SpanKind.CONSUMER,
        startTime: startedAt,
        attributes: {
          "messaging.system": "queuectl",
          "messaging.operation.type": "process",
          "messaging.destination.name": queue,
          "messaging.message.id": attempt.jobId,
          "queuectl.job.id": attempt.jobId,
          "queuectl.queue": queue,
          "queuectl.attempt": attempt.attempt,
          "queuectl.worker.id": worker,
        },
      },
      parent === null ? ROOT_CONTEXT : contextOf(parent),
    );
  }

  #settle({ token, outcome, state, exitCode, error }: Settled): void {
    const open = this.#take(token);
    if (open === null || outcome === null) return;
    const { span, finishedAt } = open;
    span.setAttributes({ "queuectl.outcome": outcome, "queuectl.job.state": state });
    if (exitCode !== null) span.setAttribute("queuectl.exit_code", exitCode);
    if (FAILURES.includes(outcome)) {
      span.setAttribute("error.type", outcome);
      span.setStatus({ code: SpanStatusCode.ERROR, message: error ?? outcome });
    }
    span.end(finishedAt ?? Date.now());
  }

  /** Somebody else has settled it, who has told of a rescue; here is what its own worker knows. */
  #abandon(token: string): void {
    const open = this.#take(token);
    if (open === null || open.isRescued) return;
    const { span, finishedAt } = open;
    span.setAttributes({ "queuectl.outcome": "stale", "error.type": "stale" });
    const message = "the store had given its job to somebody else";
    span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.end(finishedAt ?? Date.now());
  }

  #take(token: string): Open | null {
    const open = this.#open.get(token) ?? null;
    this.#open.delete(token);
    return open;
  }
}

function contextOf({ traceId, spanId, flags }: Traceparent): Context {
  const parent = { traceId, spanId, traceFlags: flags & 1, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}
