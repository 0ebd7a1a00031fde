/**
 * Traces of a worker's attempts, where `OTEL_DENO=true` asks for them. Nothing of it is loaded otherwise.
 *
 * @module
 */

import { importLater } from "../lazy.ts";
import type { Events } from "../observe/events.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Context } from "./context.ts";

/** Traces that are gathered; disposed of, they have been sent. */
export interface RunningTracing extends AsyncDisposable {
  readonly tracing: Tracing;
}

/**
 * Begins to trace attempts; null if nobody asks for that.
 *
 * @param worker the id of the worker, which may change
 */
export async function startTracing(
  events: Events,
  worker: () => string,
  { env }: Context,
): Promise<RunningTracing | null> {
  // As Deno reads it.
  if (env("OTEL_DENO")?.toLowerCase() !== "true") return null;
  const { openTracing } = await importLater<typeof import("../observe/open_tracing.ts")>(
    "observe/open_tracing",
  );
  return await openTracing(events, worker);
}
