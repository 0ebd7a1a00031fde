/**
 * The way to a server: a socket, encrypted or not.
 *
 * `npm:pg` could do it, but connects twice to a server without encryption where it is only preferred.
 *
 * @module
 */

import net from "node:net";
import type { Address } from "./address.ts";
import { ForeignServerError } from "./careful_socket.ts";
import type { Way } from "./encryption.ts";

/** See "SSLRequest" in PostgreSQL's documentation, section 54.7. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** The answers of a server that will encrypt, will not, or does not know what that is: `S`, `N`, `E`. */
const [WILLING, UNWILLING, PUZZLED] = [0x53, 0x4e, 0x45];

/** The server does not encrypt. */
export class NoEncryptionError extends Error {}

/** The two could not agree on how to encrypt, or on who they are. */
export class EncryptionError extends Error {}

/**
 * Connects.
 *
 * @param signal when it is aborted, the socket is destroyed with its reason, also later
 * @throws {NoEncryptionError} if the server does not encrypt, and has to
 * @throws {EncryptionError} if they cannot agree, or the server is not trusted
 */
export async function openSocket(
  { host, port }: Pick<Address, "host" | "port">,
  { tls, mayBePlain }: Way,
  signal: AbortSignal,
): Promise<net.Socket> {
  const socket = new net.Socket();
  destroyOn(signal, socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("error", reject).once("connect", resolve);
    if (host.startsWith("/")) socket.connect(`${host}/.s.PGSQL.${port}`);
    else socket.connect(port, host);
  });
  socket.removeAllListeners("error");
  ignoreErrors(socket);
  socket.setNoDelay();
  if (tls === null) return socket;
  const encrypted = await negotiate(socket, { host, ...tls }, signal);
  if (encrypted !== null) return encrypted;
  if (mayBePlain) return socket;
  socket.destroy();
  throw new NoEncryptionError("The server does not encrypt");
}

/** Asks the server to encrypt; null if it does not. */
async function negotiate(
  socket: net.Socket,
  options: Readonly<Record<string, unknown>> & { readonly host: string },
  signal: AbortSignal,
): Promise<net.Socket | null> {
  const { connect } = await import("node:tls");
  // A name that is an address is in no greeting (RFC 6066), but in the certificate it has to be.
  const name = net.isIP(options.host) === 0 ? { servername: options.host } : {};
  let encrypted: net.Socket | null = null;
  try {
    await new Promise<void>((resolve, reject) => {
      const closed = () => reject(new Error("it has ended the connection"));
      socket.once("error", reject).once("close", closed).once("data", (answer) => {
        socket.removeAllListeners();
        ignoreErrors(socket);
        if (answer[0] === UNWILLING || answer[0] === PUZZLED) return resolve();
        if (answer[0] !== WILLING) return reject(new ForeignServerError("It answers otherwise"));
        // What comes with it came from somebody else, who wants it to be taken for a part of what is encrypted.
        if (answer.length > 1) {
          return reject(new EncryptionError("it sends more than it was asked for"));
        }
        // At once: Deno 2.4.2 cannot do it once it reads on.
        encrypted = connect({ socket, ...name, ...options });
        destroyOn(signal, encrypted);
        // This stays: Deno 2.4.2 first says that all is well, and later that the server is not trusted.
        encrypted.on("error", reject).once("close", closed).once("secureConnect", resolve);
      });
      socket.write(SSL_REQUEST);
    });
  } catch (error) {
    socket.destroy();
    if (encrypted === null) throw error;
    (encrypted as net.Socket).destroy();
    throw new EncryptionError(error instanceof Error ? error.message : String(error), {
      cause: error,
    });
  }
  return encrypted;
}

/** Whoever waits for the socket learns of them in another way; an error for which nobody listens ends the process. */
function ignoreErrors(socket: net.Socket): void {
  socket.on("error", () => {});
}

function destroyOn(signal: AbortSignal, socket: net.Socket): void {
  if (signal.aborted) socket.destroy(signal.reason);
  signal.addEventListener("abort", () => socket.destroy(signal.reason), { once: true });
}
