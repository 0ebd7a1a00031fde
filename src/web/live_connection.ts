/**
 * One page that listens.
 *
 * Nothing is put into its stream before it asks for it, so a page that does not read costs no more than the
 * newest event of each kind.
 *
 * @module
 */

import { concatenate } from "../bytes.ts";
import { eventBytes, RETRY, type ServerEvent } from "./event_text.ts";
import type { JobTail } from "./job_tail.ts";

/** What a connection is made with. */
export interface ConnectionOptions {
  /** The job that is watched; null if none is. */
  readonly tail: JobTail | null;
  /** Is told when the page has gone. */
  readonly onEnd: (connection: LiveConnection) => void;
  /** Is told why the job cannot be read; the connection goes on. */
  readonly onError: (error: unknown) => void;
}

/** The stream to one page. */
export class LiveConnection {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #options: ConnectionOptions;
  readonly #waiting = new Map<string, Uint8Array<ArrayBuffer>>([["", RETRY]]);
  #isDirty: boolean;
  #isEnded = false;
  #close = () => {};
  #wake = Promise.withResolvers<void>();
  /** When the page began not to read what waits for it; null while it reads. */
  #idleSince: number | null = performance.now();

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#isDirty = options.tail !== null;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#close = () => controller.close()),
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#end(),
    }, { highWaterMark: 0 });
  }

  /** For how long the page has not read what waits for it, milliseconds. */
  get idle(): number {
    return this.#idleSince === null || !this.#hasNews ? 0 : performance.now() - this.#idleSince;
  }

  /** Tells the page; a newer event of a kind takes the place of one that it has not read yet. */
  send(kind: string, bytes: Uint8Array<ArrayBuffer>): void {
    this.#waiting.delete(kind);
    this.#waiting.set(kind, bytes);
    this.#rouse();
  }

  /** The store has changed: the job may have, too. */
  touch(): void {
    if (this.#options.tail === null) return;
    this.#isDirty = true;
    this.#rouse();
  }

  /** Ends the stream. */
  close(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#close();
  }

  get #hasNews(): boolean {
    return this.#waiting.size > 0 || this.#isDirty;
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    this.#idleSince = null;
    while (!this.#isEnded) {
      const bytes = this.#takeWaiting() ?? await this.#readJob();
      if (this.#isEnded) break;
      if (bytes !== null) {
        this.#idleSince = performance.now();
        return controller.enqueue(bytes);
      }
      await this.#sleep();
    }
  }

  #takeWaiting(): Uint8Array<ArrayBuffer> | null {
    const [first] = this.#waiting;
    if (first === undefined) return null;
    this.#waiting.delete(first[0]);
    return first[1];
  }

  async #readJob(): Promise<Uint8Array<ArrayBuffer> | null> {
    const { tail, onError } = this.#options;
    if (tail === null || !this.#isDirty) return null;
    // A change that comes while the job is read sets it again.
    this.#isDirty = false;
    let events: ServerEvent[] = [];
    try {
      events = await tail.next();
    } catch (error) {
      onError(error);
    }
    if (events.length === 0) return null;
    this.#isDirty = true;
    return concatenate(events.map(eventBytes));
  }

  async #sleep(): Promise<void> {
    if (this.#isEnded || this.#hasNews) return;
    await this.#wake.promise;
  }

  #rouse(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#rouse();
    this.#options.onEnd(this);
  }
}
