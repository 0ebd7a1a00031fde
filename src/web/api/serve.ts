/**
 * One request to one route: what is sent is read and judged, the route does its work, and what comes of it
 * becomes an answer.
 *
 * @module
 */

import { escapeJson } from "../../escape.ts";
import { readBody } from "./body.ts";
import { errorResponse, ReadOnlyError, statusOf } from "./errors.ts";
import { readFields, readQuery } from "./fields.ts";
import type { ApiEnv, Route } from "./route.ts";

/**
 * Answers a request. Whatever goes wrong is an answer too.
 *
 * @param params the parameters in the path, decoded
 */
export async function serve(
  route: Route,
  request: Request,
  params: Readonly<Record<string, string>>,
  env: ApiEnv,
): Promise<Response> {
  const gone = new AbortController();
  try {
    if (route.writes && env.readOnly) throw new ReadOnlyError();
    const query = readQuery(route.query, new URL(request.url).searchParams);
    const named = readFields(route.params, params, "parameter");
    const body = route.body === null ? null : await readBody(route.body, request);
    const answer = await route.handle({
      store: await env.store(),
      params: named,
      query,
      body,
      now: () => env.now(),
      cwd: env.cwd,
      signal: AbortSignal.any([request.signal, gone.signal]),
      headers: request.headers,
    });
    if ("json" in answer) return jsonResponse(answer);
    const { status, type, parts, headers = {} } = answer;
    return new Response(streamOf(parts, { gone, note }), {
      status,
      headers: { "content-type": type, ...headers },
    });
  } catch (error) {
    note(error);
    return errorResponse(error);
  }

  function note(error: unknown): void {
    if (statusOf(error) >= 500) env.log?.(error, route.method, route.path);
  }
}

function jsonResponse({ status, json }: { status: number; json: unknown }): Response {
  return new Response(`${escapeJson(json)}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

/**
 * The parts as they are wanted. When nobody wants them any more, `gone` says so at once: a part that is
 * waited for may never come. What fails now can only break the answer off.
 */
function streamOf(
  parts: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { gone, note }: { readonly gone: AbortController; readonly note: (error: unknown) => void },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const iterator = parts[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await iterator.next();
        if (gone.signal.aborted) return;
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (gone.signal.aborted) return;
        note(error);
        controller.error(error);
      }
    },
    async cancel() {
      gone.abort();
      await iterator.return?.();
    },
  }, { highWaterMark: 0 });
}
