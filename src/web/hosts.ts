/**
 * Under which names the dashboard may be asked for. A name that somebody else controls can be made to lead
 * here (DNS rebinding), and a browser would take the page behind it for the same as this one.
 *
 * @module
 */

import { quote } from "../quote.ts";

/** What may stand in `Host` and `Origin`. */
export interface HostRules {
  /** Whether a `Host` header is one of the server's. */
  allows(host: string): boolean;
  /** The origin of a proxy in front of the server, such as `https://queue.example.com`; null if none. */
  readonly origin: string | null;
}

/** Where the server is to be reached. */
export interface Reach {
  /** What `--host` says. */
  readonly host: string;
  /** The address by which a proxy in front of it is reached; null if there is none. */
  readonly origin: string | null;
}

/**
 * The rules of a server. Names of this machine for itself are right at any port: a tunnel may have another
 * one, and nobody else can give them to a page. A server on all addresses takes any name: it has a token,
 * which a page under a strange name does not have.
 */
export function hostRules({ host, origin }: Reach): HostRules {
  const behind = origin === null ? null : new URL(origin).host;
  const own = bareName(host);
  return {
    origin,
    allows(header) {
      if (header === behind) return true;
      const name = nameIn(header);
      if (name === null) return false;
      return isLoopback(name) || name === own || isEveryAddress(own);
    },
  };
}

/** Whether only this machine reaches a host. */
export function isLoopback(host: string): boolean {
  const name = bareName(host);
  return name === "localhost" || name === "::1" || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/** Whether a host stands for every address of this machine. */
function isEveryAddress(name: string): boolean {
  return name === "0.0.0.0" || name === "::";
}

/**
 * Reads `--origin`.
 *
 * @throws {RangeError} if it is not an origin of http or https; the message completes a sentence that begins
 * with the name of what was read
 */
export function readOrigin(text: string): string {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" &&
    !/[?#@]/.test(text);
  if (!isPlain) {
    throw new RangeError(
      `must be an address without a path, such as https://queue.example.com, not ${quote(text)}`,
    );
  }
  return url.origin;
}

/** The host of a `Host` header, without its port; null if it is not well formed. */
function nameIn(header: string): string | null {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?$/.exec(header);
  return match === null ? null : bareName(match[1]!);
}

function bareName(host: string): string {
  return host.replace(/^\[|\]$/g, "").toLowerCase();
}

/** A host as it stands in a URL. */
export function hostInUrl(host: string): string {
  const name = bareName(host);
  return name.includes(":") ? `[${name}]` : name;
}
