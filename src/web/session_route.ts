/**
 * `/api/session`: how a browser comes to a session, and who it is.
 *
 * @module
 */

import { escapeJson } from "../escape.ts";
import type { Access } from "./access.ts";
import { errorResponse } from "./api/errors.ts";
import { readSmall, SlowBodyError } from "./body.ts";
import { refuse } from "./refusal.ts";
import { cookieName, sessionCookie } from "./session.ts";

/** What a token is sent in has no more bytes than this. */
const MAX_BODY = 4096;

/** What the answers need to know. */
export interface SessionEnv {
  readonly access: Access;
  readonly readOnly: boolean;
  readonly version: string;
}

/** Tells about the session, opens one (POST, with `{"token": …}`), or ends it (DELETE). */
export async function answerSession(
  request: Request,
  address: string,
  env: SessionEnv,
): Promise<Response> {
  switch (request.method) {
    case "GET": {
      const caller = env.access.identify(request, address);
      // A wrong token here is a wrong token, too.
      if (caller !== null && "status" in caller) return refuse(caller);
      return describe(env, caller !== null);
    }
    case "POST":
      return await logIn(request, address, env);
    case "DELETE": {
      const session = env.access.cookieOf(request);
      if (session !== null) env.access.sessions.end(session);
      return withCookie(request, "", env, describe(env, !env.access.isGuarded));
    }
    default:
      return refuse({
        status: 405,
        code: "method_not_allowed",
        message: `This path does not know ${request.method}: it knows GET, POST, DELETE`,
        headers: { allow: "GET, HEAD, POST, DELETE" },
      });
  }
}

async function logIn(request: Request, address: string, env: SessionEnv): Promise<Response> {
  const { access } = env;
  let text: string | null;
  try {
    text = await readSmall(request, MAX_BODY);
  } catch (error) {
    if (!(error instanceof SlowBodyError)) throw error;
    return errorResponse(error);
  }
  if (text === null) {
    const message = `The body has more than ${MAX_BODY} bytes`;
    return refuse({ status: 413, code: "too_large", message });
  }
  const token = tokenIn(text);
  if (token === null) {
    const message = 'The body must be JSON with the token: {"token": "…"}';
    return refuse({ status: 400, code: "invalid", message });
  }
  if (!access.isGuarded) return describe(env, true);
  const refusal = access.accept(token, address);
  if (refusal !== null) return refuse(refusal);
  return withCookie(request, access.sessions.open(), env, describe(env, true));
}

function tokenIn(text: string): string | null {
  try {
    const { token } = JSON.parse(text) ?? {};
    return typeof token === "string" ? token : null;
  } catch {
    return null;
  }
}

function describe({ access, readOnly, version }: SessionEnv, authenticated: boolean): Response {
  const session = {
    authenticated,
    token_required: access.isGuarded,
    read_only: readOnly,
    version,
  };
  return new Response(`${escapeJson(session)}\n`, {
    headers: { "content-type": "application/json; charset=utf-8" },
  });
}

function withCookie(
  request: Request,
  id: string,
  { access }: SessionEnv,
  response: Response,
): Response {
  const name = cookieName(request.headers.get("host") ?? new URL(request.url).host);
  response.headers.append("set-cookie", sessionCookie(name, id, access.isSecure));
  return response;
}
