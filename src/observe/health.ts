/**
 * How a process says that it lives, whether it can do its work, and its figures: `/healthz`, `/readyz` and
 * `/metrics`, the same in the dashboard and in a worker that listens.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { METRICS_TYPE } from "./exposition.ts";

/** The process that is asked. */
export interface Watched {
  /** Its figures, in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Why it cannot do its work now, in a sentence; null if it can. */
  unready(): Promise<string | null>;
}

/** What a stranger hears in place of a reason, which may name files of this machine. */
const NO_REASON = "not ready";

/** The paths that are answered. */
export const WATCH_PATHS = ["/healthz", "/readyz", "/metrics"] as const;

/**
 * Answers a request for one of {@link WATCH_PATHS}; null for any other path. Who may ask, and by which method,
 * is for the caller to see to.
 *
 * @param mayKnow whether who asks may also hear why it is not ready
 */
export async function answerWatch(
  path: string,
  watched: Watched,
  mayKnow: () => boolean | Promise<boolean>,
): Promise<Response | null> {
  switch (path) {
    case "/healthz":
      return plain("ok\n");
    case "/readyz": {
      const reason = await watched.unready();
      if (reason === null) return plain("ready\n");
      return plain(`${await mayKnow() ? reason : NO_REASON}\n`, { status: 503 });
    }
    case "/metrics":
      return plain(await watched.metrics(), { type: METRICS_TYPE });
    default:
      return null;
  }
}

/** Why a store cannot be read now, in a sentence; null if it can. */
export async function storeUnready(
  store: Pick<Store, "revision" | "workers">,
): Promise<string | null> {
  try {
    // Whether the file is still the same, and whether it can be read.
    await store.revision();
    await store.workers();
    return null;
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
}

/** A text that nobody keeps. */
export function plain(
  text: string,
  { status = 200, type = "text/plain; charset=utf-8" }: {
    readonly status?: number;
    readonly type?: string;
  } = {},
): Response {
  const headers = {
    "content-type": type,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  };
  return new Response(text, { status, headers });
}
