/**
 * The doorbell: a Unix socket per worker in the store's side directory. Whoever makes work connects
 * and hangs up; that wakes the worker in half a millisecond. A ring is a hint: workers poll as well.
 *
 * @module
 */

/** A socket's path may have so many bytes on Linux, its ending NUL not counted. */
const MAX_SOCKET_PATH = 107;

/** Answers the doorbell of a worker; null where no socket can be bound. */
export function answerDoorbell(
  directory: string,
  worker: string,
  ring: () => void,
): AsyncDisposable | null {
  const path = socketPath(directory, worker);
  if (path === null) return null;
  let listener: Deno.Listener;
  try {
    removeIfThere(path);
    listener = Deno.listen({ transport: "unix", path });
    Deno.chmodSync(path, 0o600);
  } catch {
    return null;
  }
  const answering = answer(listener, ring);
  return {
    async [Symbol.asyncDispose]() {
      listener.close();
      await answering;
      removeIfThere(path);
    },
  };
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
    if (path === null) return;
    try {
      (await Deno.connect({ transport: "unix", path })).close();
    } catch {
      // It has just ended, or has no socket.
    }
  }));
}

/** Takes away the socket of a worker that did not live to do it. */
export function removeDoorbell(directory: string, worker: string): void {
  const path = socketPath(directory, worker);
  if (path !== null) removeIfThere(path);
}

function socketPath(directory: string, worker: string): string | null {
  const path = `${directory}/${encodeURIComponent(worker)}.sock`;
  return new TextEncoder().encode(path).byteLength <= MAX_SOCKET_PATH ? path : null;
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Most often it is not there; a socket that stays is only not answered.
  }
}
