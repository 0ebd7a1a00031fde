/**
 * The dashboard as a function from requests to answers: access, the page, the API, the live stream, and what
 * watches it.
 *
 * @module
 */

import { Hono } from "hono";
import { answerWatch, storeUnready } from "../observe/health.ts";
import { renderMetrics } from "../observe/metrics.ts";
import type { Store } from "../store/store.ts";
import { ownVersion } from "../version.ts";
import { Access, type Caller, isRead, unauthorized } from "./access.ts";
import { mountApi } from "./api/mount.ts";
import { type Assets, pageAssets } from "./assets.ts";
import { BODY_PACE, type BodyPace } from "./body.ts";
import type { HostRules } from "./hosts.ts";
import { Live, type LivePace } from "./live.ts";
import { answerEvents } from "./live_route.ts";
import { answerPage } from "./page_route.ts";
import { ownRequest, type RequestInfo } from "./own_request.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { secure } from "./security_headers.ts";
import { answerSession } from "./session_route.ts";
import { sharedReads } from "./shared_reads.ts";

/** Hears what the dashboard does. Nothing of it is secret: no query, no header, no body. */
export interface AppLog {
  request(entry: LoggedRequest): void;
  /** Something that nobody has foreseen went wrong. */
  failure(error: unknown, where: string): void;
}

/** A request that was answered. */
export interface LoggedRequest {
  readonly method: string;
  /** Without what stands behind the `?`. */
  readonly path: string;
  readonly status: number;
  /** Until the answer began, milliseconds. */
  readonly duration: number;
  readonly address: string;
}

/** What a dashboard is made of. */
export interface AppOptions {
  readonly store: Store;
  /** Null: everybody who reaches the server may do everything. */
  readonly token: string | null;
  readonly readOnly: boolean;
  readonly hosts: HostRules;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** The absolute directory of jobs that name none. */
  readonly cwd: string;
  readonly log: AppLog;
  /** The page's files; those of this program if absent. */
  readonly assets?: Assets;
  readonly limits?: AppLimits;
}

/** What is not to be had without end; for tests. */
export interface AppLimits {
  /** So many pages may listen at once. */
  readonly streams?: number;
  readonly body?: BodyPace;
  readonly pace?: Partial<LivePace>;
  /** The clock of sessions and wrong tokens, milliseconds. */
  readonly clock?: () => number;
}

/** A dashboard. */
export interface App {
  /** Answers a request; never rejects. */
  fetch(request: Request, info?: RequestInfo): Promise<Response>;
  /** Ends the live streams. The store stays open. */
  close(): Promise<void>;
}

/** So many pages may listen at once: each holds a connection, and a few kilobytes. */
const MOST_STREAMS = 500;

/** What needs no token: the page, which asks for it, and what says whether the server lives. */
const OPEN_PATHS: ReadonlySet<string> = new Set(["/api/session", "/healthz", "/readyz"]);

/** Makes a dashboard. */
export function createApp(options: AppOptions): App {
  const { token, hosts, readOnly, now, cwd, log, limits = {} } = options;
  const access = new Access({ token, hosts, ...limits.clock && { clock: limits.clock } });
  const store = sharedReads(options.store);
  const assets = options.assets ??
    pageAssets((sentence) => log.failure(new Error(sentence), "the page"));
  const api = new Hono();
  mountApi(api, {
    store: () => store,
    now,
    cwd,
    readOnly,
    log: (error, method, path) => log.failure(error, `${method} ${path}`),
  });
  const live = new Live({
    store,
    now,
    most: limits.streams ?? MOST_STREAMS,
    pace: limits.pace ?? {},
    ask: async (path) => {
      const answer = await api.fetch(new Request(`http://localhost${path}`));
      return { status: answer.status, text: await answer.text() };
    },
    onError: (error) => log.failure(error, "the live stream"),
  });

  return {
    async fetch(given, info) {
      const began = performance.now();
      const address = info?.remoteAddr.hostname ?? "";
      const { method } = given;
      const request = ownRequest(given, limits.body ?? BODY_PACE, info);
      const path = request === null ? "?" : new URL(request.url).pathname;
      const response = request === null
        ? refuse(NOT_UNDERSTOOD)
        : await answerSafely(request, path, address);
      if (method === "HEAD") await response.body?.cancel().catch(() => {});
      const body = method === "HEAD" ? null : response.body;
      const duration = performance.now() - began;
      log.request({ method, path, status: response.status, duration, address });
      return secure(new Response(body, response));
    },
    close: () => live.close(),
  };

  async function answerSafely(request: Request, path: string, address: string): Promise<Response> {
    try {
      return await answer(request, path, address);
    } catch (error) {
      log.failure(error, `${request.method} ${path}`);
      const message = "An unexpected failure; the dashboard has logged more";
      return refuse({ status: 500, code: "internal", message });
    }
  }

  async function answer(request: Request, path: string, address: string): Promise<Response> {
    const refusal = access.judge(request);
    if (refusal !== null) return refuse(refusal);
    const isForAll = OPEN_PATHS.has(path) || !(path.startsWith("/api") || path === "/metrics");
    const caller = isForAll ? { session: null } : access.identify(request, address);
    if (caller === null) return refuse(unauthorized());
    if (isRefusal(caller)) return refuse(caller);
    return await route(request, { path, address, caller });
  }

  async function route(request: Request, { path, address, caller }: Asked): Promise<Response> {
    if (path === "/api/session") {
      return await answerSession(request, address, {
        access,
        readOnly,
        version: await ownVersion(),
      });
    }
    if (path === "/api/events") {
      return await answerEvents(request, { live, store, until: caller.session });
    }
    if (path === "/api" || path.startsWith("/api/")) return await api.fetch(request);
    if (!isRead(request)) return refuse(NOT_ALLOWED);
    const watched = {
      metrics: () => renderMetrics(store, now()),
      unready: () => storeUnready(store),
    };
    const mayKnow = () => {
      const known = access.identify(request, address);
      return known !== null && !isRefusal(known);
    };
    return await answerWatch(path, watched, mayKnow) ?? await answerPage(request, path, assets);
  }
}

/** A request that somebody may make. */
interface Asked {
  readonly path: string;
  readonly address: string;
  readonly caller: Caller;
}

const NOT_UNDERSTOOD: Refusal = {
  status: 400,
  code: "invalid",
  message: "This is not a request that the dashboard understands",
};

const NOT_ALLOWED: Refusal = {
  status: 405,
  code: "method_not_allowed",
  message: "This path is only for reading",
  headers: { allow: "GET, HEAD" },
};

function isRefusal(caller: Caller | Refusal): caller is Refusal {
  return "status" in caller;
}
