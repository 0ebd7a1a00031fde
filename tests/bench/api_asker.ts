/**
 * The dashboard's API, asked over HTTP.
 *
 * @module
 */

import type { JobSort, PageFilter } from "../../src/store/paging.ts";
import type { Store } from "../../src/store/store.ts";
import { serveDashboard } from "../../src/web/server.ts";

/** A server in this process, and who asks it. */
export class ApiAsker implements AsyncDisposable {
  readonly #server: ReturnType<typeof serveDashboard>;

  constructor(store: Store) {
    this.#server = serveDashboard({
      store,
      host: "127.0.0.1",
      port: 0,
      token: null,
      readOnly: false,
      origin: null,
      cwd: "/",
      now: Date.now,
      log: { request: () => {}, failure: (error) => console.error(error) },
      assets: { get: () => Promise.resolve(null) },
    });
  }

  /** Asks for a page of jobs; the time until its last byte, milliseconds. */
  async list(filter: PageFilter, sort: JobSort, limit: number): Promise<number> {
    const { states, ...rest } = filter;
    const query = new URLSearchParams(
      { ...rest, sort, limit: String(limit) } as Record<string, string>,
    );
    if (states !== undefined) query.set("state", states.join());
    return await this.ask(`/api/jobs?${query}`);
  }

  /** Asks for a path; the time until its last byte, milliseconds. */
  async ask(path: string): Promise<number> {
    const begin = performance.now();
    const response = await fetch(`http://127.0.0.1:${this.#server.port}${path}`);
    await response.bytes();
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return performance.now() - begin;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
