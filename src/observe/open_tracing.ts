/**
 * Where spans go: to Deno's own exporter, or, in an executable, to one of its own.
 *
 * `deno compile` writes down whether `OTEL_DENO` was set when it ran, and the executable does not look at the
 * variable any more (seen with 2.4.2). So there the SDK of OpenTelemetry takes the exporter's place.
 *
 * @module
 */

import { isSpanContextValid, trace } from "@opentelemetry/api";
import { importLater } from "../lazy.ts";
import { ownVersion } from "../version.ts";
import type { Events } from "./events.ts";
import { Tracing } from "./tracing.ts";

/**
 * Begins to trace attempts.
 *
 * @param worker the id of the worker, which may change
 */
export async function openTracing(
  events: Events,
  worker: () => string,
): Promise<AsyncDisposable & { readonly tracing: Tracing }> {
  const version = await ownVersion();
  const own = trace.getTracer("queuectl", version);
  // A span that does not end is not sent.
  if (isSpanContextValid(own.startSpan("probe", { root: true }).spanContext())) {
    // Deno sends what is left when the process ends.
    return { tracing: new Tracing(own, events, worker), async [Symbol.asyncDispose]() {} };
  }
  const { SpanSender } = await importLater<typeof import("./span_sender.ts")>(
    "observe/span_sender",
  );
  const sender = new SpanSender();
  return {
    tracing: new Tracing(sender.tracer("queuectl", version), events, worker),
    [Symbol.asyncDispose]: () => sender.close(),
  };
}
