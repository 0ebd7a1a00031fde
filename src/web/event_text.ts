/**
 * Server-sent events as bytes (WHATWG HTML, section 9.2).
 *
 * @module
 */

const encoder = new TextEncoder();

/** An event. Neither its name nor its id may hold a line break. */
export interface ServerEvent {
  readonly event: string;
  /** JSON text. */
  readonly data: string;
  /** What the client sends back to go on after it. */
  readonly id?: string;
}

/** The bytes of an event. */
export function eventBytes({ event, data, id }: ServerEvent): Uint8Array<ArrayBuffer> {
  const head = id === undefined ? "" : `id: ${id}\n`;
  const body = data.trimEnd().split(/\r\n|\n|\r/).map((line) => `data: ${line}\n`).join("");
  return encoder.encode(`${head}event: ${event}\n${body}\n`);
}

/** What keeps a connection from looking dead; it is no event. */
export const PING: Uint8Array<ArrayBuffer> = encoder.encode(": ping\n\n");

/** How long a client waits before it comes back, milliseconds. */
export const RETRY: Uint8Array<ArrayBuffer> = encoder.encode("retry: 1000\n\n");
