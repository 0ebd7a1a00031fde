/**
 * Who may ask for what. Whoever can enqueue can run commands, so every request is looked at before any
 * route: the name that it came by, the page that sent it, and the token.
 *
 * @module
 */

import { Guesses } from "./guesses.ts";
import type { HostRules } from "./hosts.ts";
import type { Refusal } from "./refusal.ts";
import { Secret } from "./secret.ts";
import { cookieName, readCookie, Sessions } from "./session.ts";

/** What the server asks of its callers. */
export interface AccessOptions {
  readonly hosts: HostRules;
  /** Null: everybody who reaches the server may do everything. */
  readonly token: string | null;
  /** A clock that does not go back, milliseconds; for tests. */
  readonly clock?: () => number;
}

/** Somebody who may use the server. */
export interface Caller {
  /** Aborted when the session ends by which it came; null if it came by none. */
  readonly session: AbortSignal | null;
}

const JSON_TYPE = /^application\/(?:json|x-ndjson|ndjson|jsonl)$/;

/** The keys under which people put tokens into URLs, where logs and histories keep them. */
const SECRET_KEYS = ["token", "access_token"];

/** Decides about requests. */
export class Access {
  readonly sessions: Sessions;
  readonly #hosts: HostRules;
  readonly #token: Secret | null;
  readonly #guesses: Guesses;

  constructor({ hosts, token, clock }: AccessOptions) {
    this.sessions = new Sessions(clock);
    this.#guesses = new Guesses(clock);
    this.#hosts = hosts;
    this.#token = token === null ? null : new Secret(token);
  }

  /** Whether a token is needed. */
  get isGuarded(): boolean {
    return this.#token !== null;
  }

  /** Whether browsers reach the server by https, through a proxy. */
  get isSecure(): boolean {
    return this.#hosts.origin?.startsWith("https:") ?? false;
  }

  /** What is wrong with a request, whoever it comes from; null if nothing. */
  judge(request: Request): Refusal | null {
    const { headers } = request;
    const url = new URL(request.url);
    const host = headers.get("host") ?? url.host;
    if (!this.#hosts.allows(host) || !this.#hosts.allows(url.host)) {
      return forbidden(
        "This is not an address of the dashboard: start it with --host, or behind a proxy with " +
          "--origin, for the address by which you reach it",
      );
    }
    const origin = headers.get("origin");
    if (origin !== null && origin !== `http://${host}` && origin !== this.#hosts.origin) {
      return forbidden("Pages of another origin may not use the dashboard");
    }
    if (SECRET_KEYS.some((key) => url.searchParams.has(key))) {
      return {
        status: 400,
        code: "invalid",
        message: "A token does not belong in a URL: send it as Authorization: Bearer TOKEN",
      };
    }
    const isOfApi = url.pathname === "/api" || url.pathname.startsWith("/api/");
    const site = headers.get("sec-fetch-site");
    if (isOfApi && (site === "cross-site" || site === "same-site")) {
      return forbidden("Pages of another site may not use the dashboard");
    }
    return isRead(request) || isIntended(request) ? null : forbidden(
      "A request that changes something needs a body of the type application/json, or the header " +
        "X-Queuectl: 1",
    );
  }

  /** Whose request it is; null if it needs a token and has none, or a refusal if it has a wrong one. */
  identify(request: Request, address: string): Caller | Refusal | null {
    if (this.#token === null) return { session: null };
    const given = /^Bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (given !== undefined) {
      return this.accept(given, address) ?? { session: null };
    }
    const cookie = this.cookieOf(request);
    const session = cookie === null ? null : this.sessions.find(cookie);
    return session === null ? null : { session };
  }

  /** Looks at a token; a refusal unless it is the right one. */
  accept(token: string, address: string): Refusal | null {
    const wait = this.#guesses.wait(address);
    if (wait > 0) {
      return {
        status: 429,
        code: "too_many",
        message: "Too many wrong tokens: try again in a moment",
        headers: { "retry-after": String(Math.ceil(wait / 1000)) },
      };
    }
    if (this.#token === null || this.#token.matches(token)) return null;
    this.#guesses.note(address);
    return unauthorized("This is not the token of the dashboard");
  }

  /** The id of the session that a request names; null if it names none. */
  cookieOf({ headers, url }: Request): string | null {
    return readCookie(headers.get("cookie"), cookieName(headers.get("host") ?? new URL(url).host));
  }
}

/** The refusal of a request that needs a token. */
export function unauthorized(message = "The dashboard needs its token"): Refusal {
  return {
    status: 401,
    code: "unauthorized",
    message,
    headers: { "www-authenticate": 'Bearer realm="queuectl"' },
  };
}

/** The refusal of a request that nobody may make, or not in this way. */
export function forbidden(message: string): Refusal {
  return { status: 403, code: "forbidden", message };
}

/** Whether a request changes nothing by its method. */
export function isRead({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/**
 * Whether a request is more than what any page can make a browser send: a form, or a script that does not
 * ask first, can set neither this header nor that type.
 */
function isIntended({ headers }: Request): boolean {
  if (headers.get("x-queuectl") === "1") return true;
  if (/^Bearer /i.test(headers.get("authorization") ?? "")) return true;
  const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  return type !== undefined && JSON_TYPE.test(type);
}
