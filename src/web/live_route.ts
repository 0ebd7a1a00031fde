/**
 * `GET /api/events`: the live stream.
 *
 * @module
 */

import { QueuectlError } from "../errors.ts";
import { parseInteger } from "../numbers.ts";
import type { Store } from "../store/store.ts";
import { errorResponse } from "./api/errors.ts";
import { findJob } from "./api/find_job.ts";
import type { JobWatch } from "./job_tail.ts";
import type { Live } from "./live.ts";
import { refuse } from "./refusal.ts";

/** What the answer needs to know. */
export interface EventsEnv {
  readonly live: Live;
  readonly store: Store;
  /** Ends the stream; null: nothing does but the client. */
  readonly until: AbortSignal | null;
}

/** Answers with a stream of events. */
export async function answerEvents(request: Request, env: EventsEnv): Promise<Response> {
  if (request.method !== "GET") {
    return refuse({
      status: 405,
      code: "method_not_allowed",
      message: `This path does not know ${request.method}: it knows GET`,
      headers: { allow: "GET, HEAD" },
    });
  }
  try {
    const watch = await readWatch(request, env.store);
    if (watch instanceof Response) return watch;
    const stream = env.live.connect(watch, env.until);
    if (stream === null) {
      return refuse({
        status: 503,
        code: "too_many",
        message: "Too many pages listen already: close some of them",
        headers: { "retry-after": "5" },
      });
    }
    // What stands between must neither gather nor change what comes.
    return new Response(stream, {
      headers: { "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" },
    });
  } catch (error) {
    if (error instanceof QueuectlError) return errorResponse(error);
    throw error;
  }
}

async function readWatch(request: Request, store: Store): Promise<JobWatch | Response | null> {
  const query = new URL(request.url).searchParams;
  const job = query.get("job");
  const attempt = query.get("attempt");
  const number = attempt === null ? null : parseInteger(attempt);
  if (attempt !== null && (number === null || number < 1)) {
    const message = "attempt must be an integer of at least 1";
    return refuse({ status: 400, code: "invalid", message });
  }
  if (job === null) return null;
  const lastEventId = request.headers.get("last-event-id");
  const { id } = await findJob(store, job);
  return { id, attempt: number, lastEventId };
}
