/**
 * One job as a page watches it: what it is, and what it writes.
 *
 * @module
 */

import { AttemptOutput } from "../attempt_output.ts";
import type { Attempt } from "../job/job.ts";
import { OutputJson, type OutputJsonPiece } from "../json/output_json.ts";
import type { Store } from "../store/store.ts";
import type { ServerEvent } from "./event_text.ts";
import { type OutputPlace, readPlace, writePlace } from "./output_mark.ts";

/** An event has about so many bytes of output at the most. */
const PORTION = 262_144;

/** What the API answers. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** Asks the API of this server for a path, such as `/api/status`. */
export type Ask = (path: string) => Promise<ApiAnswer>;

/** What is watched. */
export interface JobWatch {
  /** The full id. */
  readonly id: string;
  /** One attempt alone; null is the latest one and all after it. */
  readonly attempt: number | null;
  /** Where a connection that was lost had got to, see `output_mark.ts`. */
  readonly lastEventId: string | null;
}

/** Where things come from. */
export interface Sources {
  readonly store: Store;
  readonly ask: Ask;
}

/** Gives the events of one job. */
export class JobTail {
  readonly #watch: JobWatch;
  readonly #sources: Sources;
  #output: AttemptTail | null = null;
  #place: OutputPlace | null;
  #isGone = false;
  #shown = "";

  constructor(watch: JobWatch, sources: Sources) {
    this.#watch = watch;
    this.#sources = sources;
    this.#place = readPlace(watch.lastEventId, watch.id);
  }

  /**
   * What is new; to be called again until there is nothing, and then when the store has changed.
   *
   * @throws {StoreError} if the store cannot be used
   */
  async next(): Promise<ServerEvent[]> {
    if (this.#isGone) return [];
    const { status, text } = await this.#sources.ask(
      `/api/jobs/${encodeURIComponent(this.#watch.id)}`,
    );
    if (status === 404) {
      this.#isGone = true;
      return [{ event: "gone", data: JSON.stringify({ id: this.#watch.id }) }];
    }
    // The output cannot be read either, and says why.
    const events = status === 200 && text !== this.#shown ? [{ event: "job", data: text }] : [];
    const output = await this.#nextOutput();
    // Not before: where the output fails, the job was not told.
    if (status === 200) this.#shown = text;
    return output === null ? events : [...events, output];
  }

  async #nextOutput(): Promise<ServerEvent | null> {
    const { id, attempt } = this.#watch;
    // Read before the output: the end of an attempt is stored together with the last of it.
    const log = await this.#sources.store.attempts(id);
    const first = this.#place?.attempt ?? attempt ?? log.at(-1)?.attempt;
    if (first === undefined) return null;
    if (this.#output?.isOver && attempt === null) {
      const following = log.find((entry) => entry.attempt > this.#output!.attempt);
      if (following === undefined) return null;
      this.#output = new AttemptTail(this.#sources.store, id, following.attempt, null);
    }
    this.#output ??= new AttemptTail(this.#sources.store, id, first, this.#place);
    this.#place = null;
    const number = this.#output.attempt;
    const entry = log.find((entry) => entry.attempt === number);
    return entry === undefined ? null : await this.#output.next(entry);
  }
}

/** The output of one attempt, portion by portion. */
class AttemptTail {
  readonly attempt: number;
  readonly #job: string;
  readonly #output: AttemptOutput;
  readonly #json: OutputJson;
  /** What is being read; null between two looks. */
  #pieces: AsyncGenerator<OutputJsonPiece[], void> | null = null;
  #isLastLook = false;
  #isOver = false;
  #isSilent = true;

  constructor(store: Store, job: string, attempt: number, place: OutputPlace | null) {
    this.attempt = attempt;
    this.#job = job;
    this.#output = new AttemptOutput(store, job, attempt, place?.mark);
    this.#json = new OutputJson(null, place?.begun);
  }

  /** Whether all was given. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What was written since the last call; null if nothing was. */
  async next(entry: Attempt): Promise<ServerEvent | null> {
    if (this.#isOver) return null;
    if (this.#pieces === null) {
      this.#isLastLook = entry.finishedAt !== null;
      this.#pieces = this.#convert(this.#isLastLook ? entry.outputBytes : null);
    }
    const pieces: OutputJsonPiece[] = [];
    for (let size = 0; size < PORTION;) {
      const { value, done } = await this.#pieces.next();
      if (done === true) {
        this.#pieces = null;
        this.#isOver = this.#isLastLook;
        break;
      }
      pieces.push(...value);
      for (const { text, base64 } of value) size += (text ?? base64 ?? "").length;
    }
    // Also without output a page is to hear which attempt it is, and when that is over.
    const isNews = pieces.length > 0 || this.#isSilent || this.#isOver;
    this.#isSilent = false;
    return isNews ? this.#event(pieces) : null;
  }

  /** All that one stored piece becomes is given at once: the mark says that it was. */
  async *#convert(outputBytes: number | null): AsyncGenerator<OutputJsonPiece[], void> {
    const pieces = outputBytes === null ? this.#output.read() : this.#output.readToEnd(outputBytes);
    for await (const piece of pieces) yield [...this.#json.convert(piece)];
    if (outputBytes !== null) yield [...this.#json.end()];
  }

  #event(pieces: readonly OutputJsonPiece[]): ServerEvent {
    const { mark } = this.#output;
    const place = { job: this.#job, attempt: this.attempt, mark, begun: this.#json.begun };
    const ended = this.#isOver ? { ended: true } : {};
    const data = { attempt: this.attempt, next: mark.position, pieces, ...ended };
    return { event: "output", data: JSON.stringify(data), id: writePlace(place) };
  }
}
