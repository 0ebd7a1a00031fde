/**
 * The doorbell: a Unix socket per worker in the store's side directory. Whoever makes work connects
 * and hangs up; that wakes the worker in half a millisecond. A ring is a hint: workers poll as well.
 *
 * @module
 */

import { userToServe } from "./ownership.ts";

/** A socket's path may have so many bytes on Linux, its ending NUL not counted. */
const MAX_SOCKET_PATH = 107;

const ENDING = ".sock";

/** Answers the doorbell of a worker; null where no socket can be bound. */
export function answerDoorbell(
  directory: string,
  worker: string,
  ring: () => void,
): AsyncDisposable | null {
  const path = socketPath(directory, worker);
  if (path === null) return null;
  const listener = listen(directory, path);
  if (listener === null) return null;
  const answering = answer(listener, ring);
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await answering;
      removeIfThere(path);
    },
  };
}

function listen(directory: string, path: string): Deno.Listener | null {
  let listener: Deno.Listener | null = null;
  try {
    removeIfThere(path);
    // What is there already makes it fail: no link is followed.
    listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
    giveToUser(directory, path);
    return listener;
  } catch {
    listener?.close();
    return null;
  }
}

async function answer(listener: Deno.Listener, ring: () => void): Promise<void> {
  try {
    for await (const connection of listener) {
      connection.close();
      ring();
    }
  } catch {
    // Closed while it waited; or out of descriptors, and then the worker polls.
  }
}

/** Rings at every worker of the store; who does not answer is left to the poll. */
export async function ringDoorbells(directory: string, workers: readonly string[]): Promise<void> {
  await Promise.all(workers.map(async (worker) => {
    const path = socketPath(directory, worker);
    if (path === null || !isSocket(path)) return;
    try {
      (await Deno.connect({ transport: "unix", path })).close();
    } catch {
      // It has just ended, or has no socket.
    }
  }));
}

/** The names of the sockets that are there. A worker joins before it has one. */
export function listDoorbells(directory: string): string[] {
  try {
    return [...Deno.readDirSync(directory)].map(({ name }) => name).filter((name) =>
      name.endsWith(ENDING)
    );
  } catch {
    // What is to be said of such a directory, others say.
    return [];
  }
}

/**
 * Takes away the sockets of workers that did not live to do it, also of those whose burier died right
 * after.
 *
 * @param names as they were listed before the store was asked for its workers
 * @param workers the ids of all workers of the store
 */
export function removeDoorbells(
  directory: string,
  names: readonly string[],
  workers: readonly string[],
): void {
  const kept = new Set(workers.map(socketName));
  for (const name of names) if (!kept.has(name)) removeIfThere(`${directory}/${name}`);
}

/** A link could lead to the socket of another program. */
function isSocket(path: string): boolean {
  try {
    // Null where the system does not tell.
    return Deno.lstatSync(path).isSocket !== false;
  } catch {
    return false;
  }
}

/**
 * The user of a store can ring at root's workers, too. That user has commands run by them, and so gains
 * nothing by putting something else in the place of the socket.
 */
function giveToUser(directory: string, path: string): void {
  const owner = userToServe(directory);
  if (owner !== null) Deno.chownSync(path, owner.uid, owner.gid);
}

function socketPath(directory: string, worker: string): string | null {
  const path = `${directory}/${socketName(worker)}`;
  return new TextEncoder().encode(path).byteLength <= MAX_SOCKET_PATH ? path : null;
}

function socketName(worker: string): string {
  return `${encodeURIComponent(worker)}${ENDING}`;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Most often it is not there; a socket that stays is only not answered.
  }
}
