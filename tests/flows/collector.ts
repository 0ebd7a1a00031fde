/**
 * A collector of OpenTelemetry (OTLP over HTTP) on the loopback, for tests of traces.
 *
 * @module
 */

/** A span as it was received as JSON. */
export interface ReceivedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty at the root of a trace. */
  readonly parentSpanId: string;
  /** 5 is a consumer. */
  readonly kind: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** 2 is an error. */
  readonly status: { readonly code?: number; readonly message?: string };
  readonly service: unknown;
}

interface KeyValue {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface SpanJson {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly KeyValue[];
  readonly status: { readonly code?: number; readonly message?: string };
}

/** Keeps what programs send. */
export class Collector implements AsyncDisposable {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** In the order in which they came. */
  readonly spans: ReceivedSpan[] = [];
  /** Bodies that are not JSON, with their type. */
  readonly others: { readonly type: string | null; readonly bytes: Uint8Array }[] = [];

  constructor() {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => this.#receive(request),
    );
  }

  /** What a program needs in its environment to send here. */
  env(protocol = "http/json"): Record<string, string> {
    return {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${this.#server.addr.port}`,
      OTEL_SERVICE_NAME: "jobs",
      // Metrics and logs of the runtime are of no interest here.
      OTEL_DENO_CONSOLE: "ignore",
    };
  }

  /** The spans of a job's attempts, by their number. */
  of(job: string): ReceivedSpan[] {
    return this.spans.filter(({ attributes }) => attributes["queuectl.job.id"] === job)
      .sort((a, b) => numberOf(a) - numberOf(b));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #receive(request: Request): Promise<Response> {
    const bytes = await request.bytes();
    const type = request.headers.get("content-type");
    if (!request.url.endsWith("/v1/traces")) return Response.json({});
    if (type !== "application/json") this.others.push({ type, bytes });
    else this.#keep(JSON.parse(new TextDecoder().decode(bytes)));
    return Response.json({});
  }

  #keep({ resourceSpans }: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly KeyValue[] };
      readonly scopeSpans: readonly {
        readonly scope: { readonly name: string };
        readonly spans: readonly SpanJson[];
      }[];
    }[];
  }): void {
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = valuesOf(resource.attributes)["service.name"];
      for (const { scope, spans } of scopeSpans) {
        if (scope.name !== "queuectl") continue;
        for (const span of spans) this.spans.push({ ...received(span), service });
      }
    }
  }
}

function received(span: SpanJson): Omit<ReceivedSpan, "service"> {
  const { name, traceId, spanId, parentSpanId = "", kind, status } = span;
  return {
    ...{ name, traceId, spanId, parentSpanId, kind, status },
    startMs: Number(BigInt(span.startTimeUnixNano) / 1_000n) / 1000,
    endMs: Number(BigInt(span.endTimeUnixNano) / 1_000n) / 1000,
    attributes: valuesOf(span.attributes),
  };
}

/** Deno sends whole numbers as floating ones, the SDK as 64-bit integers in texts. */
function valuesOf(pairs: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const [kind, plain] = Object.entries(value)[0]!;
      return [key, kind === "intValue" || kind === "doubleValue" ? Number(plain) : plain];
    }),
  );
}

function numberOf({ attributes }: ReceivedSpan): number {
  return Number(attributes["queuectl.attempt"]);
}
