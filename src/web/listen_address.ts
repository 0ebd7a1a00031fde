/**
 * The address of `worker start --listen`.
 *
 * @module
 */

import { quote } from "../quote.ts";

/** Where to listen. */
export interface ListenAddress {
  /** A name or an address, without brackets. */
  readonly host: string;
  /** 0 to 65535; 0 is any free one. */
  readonly port: number;
}

const EXAMPLE = "must be HOST:PORT, such as 127.0.0.1:9464 or [::1]:9464";

/**
 * Reads `HOST:PORT`.
 *
 * @throws {RangeError} if it is none; the message completes a sentence that begins with the name of what was
 * read
 */
export function readListenAddress(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new RangeError(`${EXAMPLE}, not ${quote(text)}`);
  return { host: match[1] ?? match[2]!, port };
}

/** The address as it is written. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
