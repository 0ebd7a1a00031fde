/**
 * What comes from a server that is none, or speaks in a way that `npm:pg` does not know, ends the connection and not
 * the program.
 *
 * @module
 */

import type net from "node:net";

/** Who answers does not speak as PostgreSQL does. */
export class ForeignServerError extends Error {}

/** How a server begins: it asks who we are, refuses, or says which protocol it knows. */
const BEGINNINGS: readonly number[] = [..."REv"].map((type) => type.charCodeAt(0));

/** Has a socket destroyed by a {@linkcode ForeignServerError} if those who listen to its data cannot read it. */
export function readCarefully(socket: net.Socket): net.Socket {
  const on = socket.on.bind(socket);
  let hasBegun = false;
  const carefully = (heard: (data: Uint8Array) => void) => (data: Uint8Array) => {
    const isWrong = !hasBegun && !BEGINNINGS.includes(data[0]!);
    hasBegun = true;
    if (isWrong) {
      socket.destroy(new ForeignServerError("It does not begin as PostgreSQL does"));
      return;
    }
    try {
      heard(data);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      socket.destroy(new ForeignServerError(reason, { cause: error }));
    }
  };
  // Other events have other arguments, which are handed on as they are.
  const listen = (event: "data", heard: (data: Uint8Array) => void) =>
    on(event, event === "data" ? carefully(heard) : heard);
  socket.on = listen as typeof socket.on;
  return socket;
}
