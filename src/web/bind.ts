/**
 * A server on an address that somebody has chosen.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { hostInUrl } from "./hosts.ts";

/** Another program listens there. */
export class AddressTakenError extends UsageError {}

/** Where to listen. */
export interface Place {
  /** A name or an address. */
  readonly host: string;
  /** 0 to 65535; 0 is any free one. */
  readonly port: number;
}

/**
 * Listens.
 *
 * @param signal ends the server and all its connections
 * @param advice what to do where the port is taken
 * @throws {AddressTakenError} if another program listens there
 * @throws {UsageError} if that is not possible there
 */
export function bind(
  { host, port }: Place,
  handler: Deno.ServeHandler<Deno.NetAddr>,
  { signal, advice }: { readonly signal: AbortSignal; readonly advice: string },
): Deno.HttpServer<Deno.NetAddr> {
  const hostname = host.replace(/^\[|\]$/g, "");
  try {
    return Deno.serve({ hostname, port, signal, onListen: () => {}, onError: breakOff }, handler);
  } catch (error) {
    const place = `${hostInUrl(host)}:${port}`;
    if (error instanceof Deno.errors.AddrInUse) {
      throw new AddressTakenError(`Another program listens on ${place} already: ${advice}`);
    }
    if (error instanceof Deno.errors.AddrNotAvailable) {
      throw new UsageError(`Cannot listen on ${place}: this machine has no such address`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new UsageError(`Cannot listen on ${place}: ports below 1024 are not for every user`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot listen on ${place}: ${reason}`);
  }
}

/** The handler rejects never: an answer that has begun breaks off, and who reads it sees that. */
function breakOff(): Response {
  return new Response(null, { status: 500 });
}
