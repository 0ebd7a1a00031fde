/**
 * The dashboard on a port.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { type AppLimits, type AppLog, createApp } from "./app.ts";
import type { Assets } from "./assets.ts";
import { bind } from "./bind.ts";
import { hostInUrl, hostRules, isLoopback } from "./hosts.ts";

/** How to serve the dashboard. */
export interface ServerOptions {
  readonly store: Store;
  /** A name or an address of this machine. */
  readonly host: string;
  /** 0 to 65535; 0 is any free one. */
  readonly port: number;
  /** Null: none is needed, and only this machine may ask. */
  readonly token: string | null;
  readonly readOnly: boolean;
  /** The address by which a proxy in front of it is reached; null if there is none. */
  readonly origin: string | null;
  /** The absolute directory of jobs that name none. */
  readonly cwd: string;
  readonly now: () => number;
  readonly log: AppLog;
  /** For tests: the page's files, and what is not to be had without end. */
  readonly assets?: Assets;
  readonly limits?: AppLimits;
}

/** A dashboard that listens; disposed of, it has ended its connections. */
export interface Server extends AsyncDisposable {
  /** For a browser of this machine. */
  readonly url: string;
  /** The port that it got. */
  readonly port: number;
}

/** Answers that are under way get so long at the end, milliseconds. */
const LAST_ANSWERS = 500;

/**
 * Serves the dashboard.
 *
 * @throws {UsageError} if it cannot listen there, or others could use it without a token
 */
export function serveDashboard(options: ServerOptions): Server {
  const { host, port, origin } = options;
  requireGuard(options);
  const app = createApp({ ...options, hosts: hostRules({ host, origin }) });
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  const server = bind({ host, port }, (request, info) => {
    const { completed } = info;
    underWay.add(completed);
    void completed.catch(() => {}).finally(() => underWay.delete(completed));
    return app.fetch(request, info);
  }, { signal: stop.signal, advice: "choose another port with --port; 0 is any free one" });
  const { addr } = server;
  const isEverywhere = addr.hostname === "0.0.0.0" || addr.hostname === "::";
  return {
    url: `http://${isEverywhere ? "127.0.0.1" : hostInUrl(host)}:${addr.port}/`,
    port: addr.port,
    async [Symbol.asyncDispose]() {
      await app.close();
      await settled(underWay);
      stop.abort();
      await server.finished;
    },
  };
}

/**
 * Others than the users of this machine are let in only by a token.
 *
 * @throws {UsageError} if they would be without
 */
export function requireGuard(
  { host, token, origin }: Pick<ServerOptions, "host" | "token" | "origin">,
): void {
  if (token !== null) return;
  if (!isLoopback(host)) {
    throw new UsageError(
      `--host ${host} is not for this machine alone, and whoever reaches the dashboard can run commands: ` +
        "set QUEUECTL_DASHBOARD_TOKEN to a secret, or listen on 127.0.0.1",
    );
  }
  if (origin !== null) {
    throw new UsageError(
      "--origin lets others in: set QUEUECTL_DASHBOARD_TOKEN to a secret that they have to know",
    );
  }
}

/** Waits for answers, but not for long. */
async function settled(underWay: ReadonlySet<Promise<void>>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LAST_ANSWERS);
  await Promise.race([Promise.allSettled(underWay), promise]);
  clearTimeout(timer);
}
