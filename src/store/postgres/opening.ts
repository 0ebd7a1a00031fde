/**
 * How a connection comes about.
 *
 * @module
 */

import type { Address } from "./address.ts";
import { readCarefully } from "./careful_socket.ts";
import { type Client, loadClient, newClient } from "./driver.ts";
import { isWorthAnotherWay, type Way, waysIn } from "./encryption.ts";
import { lossFrom, SilenceError } from "./failure.ts";
import { typeParser } from "./settings.ts";
import { openSocket } from "./socket.ts";

/**
 * Connects to the server, encrypted or not, as the address says.
 *
 * @param patience milliseconds, unless the address has a limit of its own
 * @throws {StoreError} if that cannot be done
 */
export async function openClient(address: Address, patience: number): Promise<Client> {
  await loadClient();
  const ways = waysIn(address);
  for (const [index, way] of ways.entries()) {
    try {
      return await connect(address, way, address.connectTimeout ?? patience);
    } catch (error) {
      const isLast = index === ways.length - 1;
      if (isLast || !isWorthAnotherWay(error)) throw lossFrom(error, address);
    }
  }
  throw new TypeError("There is no way to connect");
}

async function connect(address: Address, way: Way, patience: number): Promise<Client> {
  const deadline = new AbortController();
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new SilenceError();
    reject(error);
    deadline.abort(error);
  }, patience);
  try {
    return await Promise.race([connectBy(way, address, deadline.signal), silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function connectBy(way: Way, address: Address, signal: AbortSignal): Promise<Client> {
  const { host, port, user, database, password, applicationName } = address;
  const socket = readCarefully(await openSocket(address, way, signal));
  // It is open already: so much is left of connecting.
  socket.connect = () => (queueMicrotask(() => socket.emit("connect")), socket);
  const client = await newClient({
    ...{ host, port, user, database, ssl: false, application_name: applicationName },
    password: () => password ?? "",
    stream: () => socket,
    pipeline: true,
    types: { getTypeParser: typeParser },
  });
  // What it has to say while it connects comes by connect() as well.
  client.on("error", () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    socket.destroy();
    // On Deno 2.4.2 it is known only here that the server is not trusted.
    throw socket.errored ?? error;
  }
}
