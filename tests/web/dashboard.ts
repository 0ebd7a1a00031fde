/**
 * A dashboard for tests: the real server on a free port of this machine, on a real store.
 *
 * @module
 */

import type { AppLimits, LoggedRequest } from "../../src/web/app.ts";
import { type Assets, makeAsset } from "../../src/web/assets.ts";
import { serveDashboard, type Server } from "../../src/web/server.ts";
import type { Store } from "../../src/store/store.ts";
import { Queue } from "../cli/queue.ts";
import { EventStream } from "./event_stream.ts";

/** A token for tests. */
export const TOKEN = "correct-horse-battery-staple";

/** What a test decides. */
export interface DashboardOptions {
  readonly token?: string | null;
  readonly readOnly?: boolean;
  readonly origin?: string | null;
  readonly limits?: AppLimits;
  /** What the dashboard sees of the store; the store itself if absent. */
  readonly through?: (store: Store) => Store;
}

/** Files that no bundler has to make. */
export const PLAIN_ASSETS: Assets = {
  async get(path) {
    const texts: Record<string, readonly [type: string, text: string]> = {
      "/index.html": ["text/html; charset=utf-8", "<!doctype html><title>queuectl</title>"],
      "/page.js": ["text/javascript; charset=utf-8", "void 0;"],
    };
    const found = Object.hasOwn(texts, path) ? texts[path]! : null;
    return found && await makeAsset(found[0], new TextEncoder().encode(found[1]));
  },
};

/** A dashboard that listens. */
export class Dashboard implements AsyncDisposable {
  readonly queue: Queue;
  readonly requests: LoggedRequest[] = [];
  readonly failures: string[] = [];
  readonly #server: Server;
  readonly #isOwner: boolean;

  constructor(queue: Queue, isOwner: boolean, options: DashboardOptions = {}) {
    this.queue = queue;
    this.#isOwner = isOwner;
    const { token = null, readOnly = false, origin = null, through, limits } = options;
    this.#server = serveDashboard({
      store: through?.(queue.store) ?? queue.store,
      host: "127.0.0.1",
      port: 0,
      token,
      readOnly,
      origin,
      cwd: queue.directory,
      now: () => queue.now,
      log: {
        request: (entry) => void this.requests.push(entry),
        failure: (error, where) => void this.failures.push(`${where}: ${error}`),
      },
      assets: PLAIN_ASSETS,
      ...(limits === undefined ? {} : { limits }),
    });
  }

  /** A dashboard with a queue of its own. */
  static async open(options: DashboardOptions = {}): Promise<Dashboard> {
    return new Dashboard(await Queue.open(), true, options);
  }

  get port(): number {
    return this.#server.port;
  }

  /** `127.0.0.1:PORT`. */
  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Asks for a path. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://${this.host}${path}`, init);
  }

  /** Asks for a path; the status and the body, parsed if it is JSON. */
  async ask(path: string, init: RequestInit = {}): Promise<Asked> {
    const response = await this.fetch(path, init);
    const text = await response.text();
    const isJson = text !== "" &&
      response.headers.get("content-type")?.startsWith("application/json");
    return { status: response.status, body: isJson ? JSON.parse(text) : text, response };
  }

  /** Sends JSON. */
  send(method: string, path: string, body: unknown, headers: HeadersInit = {}): Promise<Asked> {
    const all = new Headers(headers);
    all.set("content-type", "application/json");
    return this.ask(path, { method, headers: all, body: JSON.stringify(body) });
  }

  /** Listens to the live stream. */
  async events(query = "", headers: HeadersInit = {}): Promise<EventStream> {
    const stop = new AbortController();
    const response = await this.fetch(`/api/events${query}`, { headers, signal: stop.signal });
    return new EventStream(response, stop);
  }

  /** Writes bytes into a connection, and reads the answer until the server closes it or is silent. */
  async raw(
    text: string,
    { silence = 300, patience = 10_000 }: RawOptions = {},
  ): Promise<string> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    const encoder = new TextEncoder();
    const closing = text.replace("\r\nHost:", "\r\nConnection: close\r\nHost:");
    for (let bytes = encoder.encode(closing); bytes.length > 0;) {
      bytes = bytes.subarray(await connection.write(bytes));
    }
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(65_536);
    let answer = "";
    while (true) {
      const { promise, resolve } = Promise.withResolvers<null>();
      const timer = setTimeout(() => resolve(null), answer === "" ? patience : silence);
      const read = connection.read(buffer);
      const size = await Promise.race([read, promise]).catch(() => null);
      clearTimeout(timer);
      // The connection is closed behind it.
      if (size === null) return read.catch(() => {}), answer;
      answer += decoder.decode(buffer.subarray(0, size), { stream: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    if (this.#isOwner) await this.queue[Symbol.asyncDispose]();
  }
}

/** How to wait for an answer, milliseconds. */
export interface RawOptions {
  /** After its first bytes. */
  readonly silence?: number;
  /** Before them. */
  readonly patience?: number;
}

/** An answer. */
export interface Asked {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- whatever JSON a test expects
  readonly body: any;
  readonly response: Response;
}

/** The header that says who asks. */
export function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}
