/**
 * A worker's place among the workers of a store.
 *
 * @module
 */

import type { Store } from "../store/store.ts";
import { processRef } from "./host.ts";
import { newWorkerId } from "./worker_id.ts";
import type { WorkerOptions } from "./worker_options.ts";

/** What a membership needs to know of its worker. */
export type MemberOptions = Pick<WorkerOptions, "name" | "host" | "queues" | "config">;

/** Makes a worker known to the others, and woken by the store. */
export class Membership implements AsyncDisposable {
  readonly #store: Store;
  readonly #options: MemberOptions;
  readonly #wake: () => void;
  #id: string;
  #slots = 0;
  #bell: AsyncDisposable | null = null;
  #isListening = false;

  constructor(store: Store, options: MemberOptions, wake: () => void) {
    this.#store = store;
    this.#options = options;
    this.#wake = wake;
    this.#id = newWorkerId(options.name);
  }

  /** The worker's id. */
  get id(): string {
    return this.#id;
  }

  /** How many slots the store says that it has. */
  get slots(): number {
    return this.#slots;
  }

  /** A tick has told the store so. */
  set slots(slots: number) {
    this.#slots = slots;
  }

  /** From here on others see this worker. */
  async join(slots: number): Promise<void> {
    const { host, queues, config: { lease } } = this.#options;
    await this.#bell?.[Symbol.asyncDispose]();
    this.#bell = null;
    this.#isListening = false;
    await this.#store.join({
      id: this.#id,
      host: host.name,
      hostIdentity: host.identity,
      process: processRef(Deno.pid)!,
      slots,
      queues,
      lease,
    });
    this.#slots = slots;
  }

  /**
   * The store wakes the worker from now on, also for what came before. Not before it has joined: of a worker that is killed,
   * others remove the doorbell only if they know of the worker. Nor while it has more to do anyway.
   */
  async listen(): Promise<void> {
    if (this.#isListening) return;
    this.#isListening = true;
    this.#bell = await this.#store.doorbell(this.#id, this.#wake);
  }

  /** Takes another id, since the others have given this one up. */
  rename(): void {
    this.#id = newWorkerId(this.#options.name);
  }

  /** The worker goes; it must not run anything any more. */
  async leave(): Promise<void> {
    await this.#store.leave(this.#id);
  }

  /** It is not woken any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bell?.[Symbol.asyncDispose]();
  }
}
