/**
 * Sends spans to a collector, where Deno does not: by the SDK of OpenTelemetry, which takes where
 * from the same variables, `OTEL_EXPORTER_OTLP_*`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES`.
 *
 * @module
 */

import type { Tracer } from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** Spans are sent that often, milliseconds. */
const INTERVAL = 1000;

/** The end of the program does not wait longer for the last spans to be sent, milliseconds. */
const PATIENCE = 5000;

/** Gathers spans and sends them in batches. */
export class SpanSender {
  readonly #provider: TracerProvider;

  constructor() {
    const resource = defaultResource()
      .merge(resourceFromAttributes({ "process.runtime.name": "deno" }))
      .merge(detectResources({ detectors: [envDetector] }));
    const spanProcessors = [
      new BatchSpanProcessor({ exporter: newExporter(), scheduledDelayMillis: INTERVAL }),
    ];
    this.#provider = new TracerProvider({ resource, spanProcessors });
  }

  /** Makes spans that are sent. */
  tracer(name: string, version: string): Tracer {
    return this.#provider.getTracer(name, version);
  }

  /** Sends what is left; a collector that is away keeps nobody waiting for long. */
  async close(): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, PATIENCE);
    await Promise.race([this.#provider.shutdown().catch(() => {}), late.promise]);
    clearTimeout(timer);
  }
}

/** As Deno chooses: protobuf unless a variable says otherwise. */
function newExporter() {
  const protocol = Deno.env.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ??
    Deno.env.get("OTEL_EXPORTER_OTLP_PROTOCOL");
  return protocol === "http/json" ? new JsonExporter() : new ProtobufExporter();
}
