/**
 * The live stream: one reader of the store for all pages that listen.
 *
 * @module
 */

import { StoreError } from "../errors.ts";
import type { Store } from "../store/store.ts";
import { eventBytes, PING } from "./event_text.ts";
import { type ApiAnswer, type Ask, JobTail, type JobWatch } from "./job_tail.ts";
import { LiveConnection } from "./live_connection.ts";

/** Times of the live stream, milliseconds. */
export interface LivePace {
  /** Between two looks whether the store has changed: some microseconds each. */
  readonly look: number;
  /** Between two `changed`, and between two `status`. */
  readonly status: number;
  /** Until the status is looked at without a change: a worker that was killed changes nothing. */
  readonly restless: number;
  readonly statistics: number;
  /** Between two signs of life. */
  readonly ping: number;
  /** A page that does not read for so long is sent away; it comes back and goes on where it was. */
  readonly patience: number;
}

/** The pace of a dashboard. */
const LIVE_PACE: LivePace = {
  look: 200,
  status: 500,
  restless: 2000,
  statistics: 2000,
  ping: 15_000,
  patience: 60_000,
};

/** What the stream is made of. */
export interface LiveOptions {
  readonly store: Store;
  readonly ask: Ask;
  /** The wall clock, milliseconds since the epoch. */
  readonly now: () => number;
  /** So many pages may listen. */
  readonly most: number;
  readonly pace?: Partial<LivePace>;
  /** Hears of failures that nobody else does. */
  readonly onError: (error: unknown) => void;
}

/** The kinds of events that every page gets. */
type Kind = "store" | "changed" | "status" | "statistics";

/** Tells every page that listens what goes on. */
export class Live {
  readonly #options: LiveOptions;
  readonly #pace: LivePace;
  readonly #connections = new Set<LiveConnection>();
  /** The newest event of each kind, for a page that comes. */
  readonly #newest = new Map<Kind, Uint8Array<ArrayBuffer>>();
  /** What was sent last, without what always differs. */
  readonly #sent = new Map<Kind, string>();
  /** When each thing was done last. */
  readonly #done = new Map<Kind | "ping" | "complaint", number>();
  /** At which revision a kind was read last. */
  readonly #readAt = new Map<Kind, string>();
  readonly #answers: Answers;
  #revision: string | null = null;
  #announced: string | null = null;
  #isAway = false;
  #running: Promise<void> | null = null;
  #wake = Promise.withResolvers<void>();
  #isClosed = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#pace = { ...LIVE_PACE, ...options.pace };
    this.#answers = new Answers(options.ask);
  }

  /** How many pages listen. */
  get size(): number {
    return this.#connections.size;
  }

  /**
   * A stream of events for one page; null if too many listen.
   *
   * @param watch the job that it watches; null if none
   * @param until ends the stream
   */
  connect(
    watch: JobWatch | null,
    until: AbortSignal | null,
  ): ReadableStream<Uint8Array<ArrayBuffer>> | null {
    const { store, most, onError } = this.#options;
    if (this.#isClosed || this.#connections.size >= most) return null;
    const ask: Ask = (path) => this.#answers.get(this.#revision ?? "", path);
    const close = () => connection.close();
    const connection = new LiveConnection({
      tail: watch === null ? null : new JobTail(watch, { store, ask }),
      onEnd: () => {
        this.#connections.delete(connection);
        until?.removeEventListener("abort", close);
      },
      onError: (error) => error instanceof StoreError || onError(error),
    });
    for (const [kind, bytes] of this.#newest) connection.send(kind, bytes);
    this.#connections.add(connection);
    until?.addEventListener("abort", close, { once: true });
    if (until?.aborted) close();
    this.#start();
    this.#wake.resolve();
    return connection.stream;
  }

  /** Ends every stream. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const connection of this.#connections) connection.close();
    this.#wake.resolve();
    await this.#running;
  }

  #start(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      // One may have come that saw that somebody runs.
      if (this.#connections.size > 0 && !this.#isClosed) this.#start();
    });
  }

  async #run(): Promise<void> {
    this.#done.set("ping", performance.now());
    while (this.#connections.size > 0 && !this.#isClosed) {
      try {
        await this.#look();
      } catch (error) {
        if (error instanceof StoreError) this.#away(error.message);
        // Five times a second would fill a disk.
        else if (this.#isDue("complaint", this.#pace.ping)) this.#options.onError(error);
      }
      this.#tend();
      await this.#pause();
    }
    // Nobody keeps what is shown up to date now: the next page gets it anew.
    this.#newest.clear();
    this.#sent.clear();
    this.#done.clear();
    this.#revision = null;
    this.#announced = null;
  }

  async #look(): Promise<void> {
    const { store, now } = this.#options;
    const revision = await store.revision();
    const hasChanged = revision !== this.#revision;
    if (hasChanged) {
      this.#revision = revision;
      for (const connection of this.#connections) connection.touch();
    }
    if (this.#isAway) {
      // Whether the store is there is one thing, whether it can be read another.
      await this.#sendStatus(revision, now());
      this.#back();
    }
    if (revision !== this.#announced && this.#isDue("changed", this.#pace.status)) {
      this.#announced = revision;
      this.#broadcast("changed", JSON.stringify({ revision }));
    }
    const statusPace = hasChanged || this.#isStale("status")
      ? this.#pace.status
      : this.#pace.restless;
    if (this.#isDue("status", statusPace)) await this.#sendStatus(revision, now());
    const statisticsPace = this.#isStale("statistics") ? this.#pace.statistics : 15_000;
    if (this.#isDue("statistics", statisticsPace)) await this.#sendStatistics(revision);
  }

  /** Whether the store has changed since a kind was read. */
  #isStale(kind: Kind): boolean {
    return this.#readAt.get(kind) !== this.#revision;
  }

  async #sendStatus(revision: string, now: number): Promise<void> {
    this.#readAt.set("status", revision);
    // Past the answers that are kept: whether a worker lives is no matter of the store.
    const status = requireOk(await this.#options.ask("/api/status"));
    const event = JSON.stringify({ now: new Date(now).toISOString(), ...status });
    this.#broadcast("status", event, JSON.stringify(status));
  }

  async #sendStatistics(revision: string): Promise<void> {
    this.#readAt.set("statistics", revision);
    const [hour, day] = await Promise.all(
      ["1h", "24h"].map(async (window) =>
        requireOk(await this.#options.ask(`/api/statistics?window=${window}`))
      ),
    );
    this.#broadcast("statistics", JSON.stringify({ hour, day }));
  }

  #away(message: string): void {
    if (!this.#isAway) {
      // What the pages have is old; when the store is back, everything is read again.
      this.#revision = null;
      this.#readAt.clear();
      this.#done.clear();
    }
    this.#isAway = true;
    this.#broadcast("store", JSON.stringify({ ok: false, message }));
  }

  #back(): void {
    this.#isAway = false;
    this.#broadcast("store", JSON.stringify({ ok: true }));
  }

  /** Sends an event to everybody, unless it says the same as the one before. */
  #broadcast(kind: Kind, data: string, essence = data): void {
    if (this.#sent.get(kind) === essence) return;
    this.#sent.set(kind, essence);
    const bytes = eventBytes({ event: kind, data });
    this.#newest.delete(kind);
    this.#newest.set(kind, bytes);
    for (const connection of this.#connections) connection.send(kind, bytes);
  }

  /** Signs of life, and an end for who does not read. */
  #tend(): void {
    const isPinged = this.#isDue("ping", this.#pace.ping);
    for (const connection of this.#connections) {
      if (isPinged) connection.send("ping", PING);
      if (connection.idle > this.#pace.patience) connection.close();
    }
  }

  /** Whether so long has gone by since the last time; then this is the last time. */
  #isDue(what: Kind | "ping" | "complaint", pace: number): boolean {
    const now = performance.now();
    if (now - (this.#done.get(what) ?? -Infinity) < pace) return false;
    this.#done.set(what, now);
    return true;
  }

  async #pause(): Promise<void> {
    this.#wake = Promise.withResolvers<void>();
    if (this.#isClosed || this.#connections.size === 0) return;
    const timer = setTimeout(this.#wake.resolve, this.#pace.look);
    await this.#wake.promise;
    clearTimeout(timer);
  }
}

/** What the API has answered at one revision, for all connections together. */
class Answers {
  readonly #ask: Ask;
  readonly #known = new Map<string, Promise<ApiAnswer>>();
  #revision = "";

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  get(revision: string, path: string): Promise<ApiAnswer> {
    if (revision !== this.#revision) {
      this.#known.clear();
      this.#revision = revision;
    }
    let answer = this.#known.get(path);
    if (answer === undefined) this.#known.set(path, answer = this.#asked(path));
    return answer;
  }

  /** A failure is no answer to keep: the store may be back at the same revision. */
  async #asked(path: string): Promise<ApiAnswer> {
    const answer = await this.#ask(path);
    if (answer.status >= 500) this.#known.delete(path);
    return answer;
  }
}

/** The value of an answer; a refusal becomes the error that it tells of. */
function requireOk({ status, text }: ApiAnswer): Record<string, unknown> {
  const value = JSON.parse(text);
  if (status === 200) return value;
  const message = value?.error?.message ?? `status ${status}`;
  throw status === 503 ? new StoreError(message) : new Error(message);
}
