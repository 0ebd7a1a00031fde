/**
 * Doorbells of workers that tests hang.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Store } from "../../src/store/store.ts";
import { waitFor } from "../helpers/wait_for.ts";

/** A doorbell that counts. */
export class Bell implements AsyncDisposable {
  /** How often it has rung, also when it began to. */
  rings = 0;
  #bell: AsyncDisposable | null = null;

  /** Hangs it; it can be heard when this resolves. */
  static async hang(store: Store, worker: string): Promise<Bell> {
    const bell = new Bell();
    bell.#bell = await store.doorbell(worker, () => bell.rings++);
    assert.ok(bell.#bell, "the store under test can ring");
    await waitFor(() => bell.rings > 0, { message: "the ring for what came before" });
    return bell;
  }

  /** Does something and waits for the ring that it must bring. */
  async rungBy(work: () => Promise<unknown>): Promise<void> {
    const before = this.rings;
    await work();
    await waitFor(() => this.rings > before, { message: "a ring" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bell?.[Symbol.asyncDispose]();
    this.#bell = null;
  }
}
