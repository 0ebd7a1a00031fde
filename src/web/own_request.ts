/**
 * Requests as the server hands them over.
 *
 * @module
 */

import { type BodyPace, paced } from "./body.ts";

/** What the connection says about a request. */
export interface RequestInfo {
  readonly remoteAddr: { readonly hostname: string };
  /** Settles when the answer is sent, or cannot be. */
  readonly completed?: Promise<void>;
}

/**
 * The request as the routes get it: a HEAD asks as a GET does, a body has to come in time, and the signal tells
 * when nobody reads the answer any more. That of Deno's own server is not used: whoever looks at it makes Deno
 * print a warning.
 *
 * @returns null if there is no address or no method in it that means anything
 */
export function ownRequest(
  request: Request,
  pace: BodyPace,
  info: RequestInfo | undefined,
): Request | null {
  const { headers, body } = request;
  const method = request.method === "HEAD" ? "GET" : request.method;
  try {
    const init = { method, headers, signal: signalOf(request, info) };
    if (method === "GET") {
      void body?.cancel().catch(() => {});
      return new Request(request.url, init);
    }
    return new Request(request.url, { ...init, body: body && paced(body, pace) });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function signalOf(request: Request, info: RequestInfo | undefined): AbortSignal {
  if (info?.completed === undefined) return request.signal;
  const gone = new AbortController();
  void info.completed.catch(() => {}).finally(() => gone.abort());
  return gone.signal;
}
