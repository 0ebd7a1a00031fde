/**
 * What `worker start --listen` serves: `/healthz`, `/readyz` and `/metrics`.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { answerWatch, plain, WATCH_PATHS, type Watched } from "../observe/health.ts";
import { renderMetrics } from "../observe/metrics.ts";
import { WorkerFigures, type WorkerSources } from "../observe/worker_metrics.ts";
import type { Store } from "../store/store.ts";
import { Access, unauthorized } from "./access.ts";
import { AddressTakenError, bind } from "./bind.ts";
import { hostRules, isLoopback } from "./hosts.ts";
import { formatListenAddress, type ListenAddress } from "./listen_address.ts";

/** A server that listens. */
export interface Listener extends AsyncDisposable {
  /** With the port that it got. */
  readonly url: string;
}

/** While another program has the address, it is asked for that often; milliseconds. */
const RETRY = 500;

/**
 * Answers for a worker; its events tell where.
 *
 * @param patience null: an address that is taken is an error. Else it is waited for, and after so many
 * milliseconds an event says so: of a worker that hangs and still has it, somebody has to take over.
 * @throws {UsageError} as {@link listen}
 */
export function serveWorker(
  worker: WorkerSources & { readonly store: Store },
  { address, token, patience }: {
    readonly address: ListenAddress;
    readonly token: string | null;
    readonly patience: number | null;
  },
): AsyncDisposable {
  const { store, events } = worker;
  const figures = new WorkerFigures(worker);
  const open = () => {
    const listener = listen(address, token, {
      metrics: () => renderMetrics(store, Date.now(), figures.families()),
      unready: () => figures.unready(),
    });
    events.emit({ type: "worker_listening", url: listener.url });
    return listener;
  };
  if (patience === null) return open();
  return openWhenFree(open, patience, ({ message: error }) => {
    events.emit({ type: "listen_failed", error });
  });
}

function openWhenFree(
  open: () => Listener,
  patience: number,
  onLate: (error: Error) => void,
): AsyncDisposable {
  const lateAt = performance.now() + patience;
  let isLate = false;
  let listener: Listener | null = null;
  let timer: ReturnType<typeof setTimeout>;
  const attempt = () => {
    try {
      listener = open();
    } catch (error) {
      if (!(error instanceof AddressTakenError)) throw error;
      if (!isLate && performance.now() >= lateAt) {
        isLate = true;
        onLate(error);
      }
      timer = setTimeout(attempt, RETRY);
    }
  };
  attempt();
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(timer);
      await listener?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * Listens. Whether the worker lives and is ready anybody may ask; figures name queues and schedules, so they
 * need the token where there is one, and without one are only for this machine.
 *
 * @throws {UsageError} if it cannot listen there, or others could ask without a token
 */
export function listen(
  address: ListenAddress,
  token: string | null,
  watched: Watched,
): Listener {
  const access = openAccess(address, token);
  const stop = new AbortController();
  const server = serve(address, stop.signal, async (request, info) => {
    try {
      return await answer(request, info.remoteAddr.hostname, access, watched);
    } catch (error) {
      return plain(`${error instanceof Error ? error.message : error}\n`, { status: 500 });
    }
  });
  const { host } = address;
  return {
    url: `http://${formatListenAddress({ host, port: server.addr.port })}`,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await server.finished;
    },
  };
}

/**
 * An address that is free now, for a worker that is started with it: port 0 becomes a number.
 *
 * @param mayBeTaken a worker that would wait for it
 * @throws {UsageError} as {@link listen}
 */
export async function reserve(
  address: ListenAddress,
  token: string | null,
  mayBeTaken = false,
): Promise<ListenAddress> {
  openAccess(address, token);
  if (mayBeTaken && address.port !== 0) return address;
  const stop = new AbortController();
  const server = serve(address, stop.signal, () => plain(""));
  const { port } = server.addr;
  stop.abort();
  await server.finished;
  return { ...address, port };
}

function openAccess({ host }: ListenAddress, token: string | null): Access {
  if (token === null && !isLoopback(host)) {
    throw new UsageError(
      `--listen ${host} is not for this machine alone: set QUEUECTL_DASHBOARD_TOKEN, or listen on 127.0.0.1`,
    );
  }
  return new Access({ hosts: hostRules({ host, origin: null }), token });
}

function serve(
  address: ListenAddress,
  signal: AbortSignal,
  handler: Deno.ServeHandler<Deno.NetAddr>,
): Deno.HttpServer<Deno.NetAddr> {
  return bind(address, handler, { signal, advice: "choose another port" });
}

async function answer(
  request: Request,
  address: string,
  access: Access,
  watched: Watched,
): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD") {
    return plain("Only GET and HEAD\n", { status: 405 });
  }
  if (pathname === "/metrics") {
    const refused = await refusal(request, address, access);
    if (refused !== null) return refused;
  }
  const mayKnow = async () => await refusal(request, address, access) === null;
  return await answerWatch(pathname, watched, mayKnow) ??
    plain(`There is ${WATCH_PATHS.join(", ")}\n`, { status: 404 });
}

/** Without a token, a page under a foreign name that leads here must not read the figures. */
async function refusal(
  request: Request,
  address: string,
  access: Access,
): Promise<Response | null> {
  if (!access.isGuarded) {
    return access.judge(request) === null
      ? null
      : plain("This is not an address of the worker\n", { status: 403 });
  }
  const caller = await access.identify(request, address);
  if (caller !== null && !("status" in caller)) return null;
  const { status, headers } = caller ?? unauthorized();
  const response = plain(
    status === 429 ? "Too many wrong tokens\n" : "The figures need the token\n",
    {
      status,
    },
  );
  for (const [name, value] of Object.entries(headers ?? {})) response.headers.set(name, value);
  return response;
}
