/**
 * Sessions: what a browser shows instead of the token once somebody has typed that.
 *
 * They are kept in memory, so they end with the dashboard, and no file has to be kept secret.
 *
 * @module
 */

import { digestOf } from "./secret.ts";

/** A session ends after so long, milliseconds. */
const LIFETIME = 7 * 24 * 60 * 60 * 1000;
/** So many may be open; the oldest gives way to a new one. */
const MOST = 1000;
/** The bytes of an id: nobody guesses 256 bits. */
const ID_BYTES = 32;

/** The open sessions. */
export class Sessions {
  /** By the digest of their ids: looking one up tells nothing about the others. */
  readonly #open = new Map<string, { readonly until: number; readonly ended: AbortController }>();
  readonly #now: () => number;

  /** @param now a clock that does not go back, milliseconds */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Opens a session; its id. */
  open(): string {
    if (this.#open.size >= MOST) this.#close(this.#open.keys().next().value!);
    const id = crypto.getRandomValues(new Uint8Array(ID_BYTES)).reduce(
      (text, byte) => text + byte.toString(16).padStart(2, "0"),
      "",
    );
    const until = this.#now() + LIFETIME;
    this.#open.set(keyOf(id), { until, ended: new AbortController() });
    return id;
  }

  /** A signal that tells when a session ends; null if it is not open. */
  find(id: string): AbortSignal | null {
    const key = keyOf(id);
    const session = this.#open.get(key);
    if (session === undefined) return null;
    if (session.until > this.#now()) return session.ended.signal;
    this.#close(key);
    return null;
  }

  /** Ends a session, if it is open. */
  end(id: string): void {
    this.#close(keyOf(id));
  }

  #close(key: string): void {
    this.#open.get(key)?.ended.abort();
    this.#open.delete(key);
  }
}

/**
 * The cookie of a session. Browsers send a cookie to every port of a host, so its name holds the port:
 * two dashboards, or the two ends of tunnels, do not end each other's sessions.
 *
 * @param host the `Host` header
 */
export function cookieName(host: string): string {
  return `queuectl-${/:(\d+)$/.exec(host)?.[1] ?? "web"}`;
}

/** The value of a cookie; null if the header has none of that name. */
export function readCookie(header: string | null, name: string): string | null {
  for (const part of (header ?? "").split(";")) {
    const [key, value] = part.trim().split("=", 2);
    if (key === name && value !== undefined) return value;
  }
  return null;
}

/** A `Set-Cookie` header that opens a session, or with an empty id ends it. */
export function sessionCookie(name: string, id: string, isSecure: boolean): string {
  const age = id === "" ? 0 : LIFETIME / 1000;
  const flags = `Path=/; Max-Age=${age}; HttpOnly; SameSite=Strict${isSecure ? "; Secure" : ""}`;
  return `${name}=${id}; ${flags}`;
}

function keyOf(id: string): string {
  return digestOf(id).join(".");
}
