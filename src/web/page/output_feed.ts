/// <reference lib="dom" />
/**
 * The output of an attempt as it comes from the live stream, read in portions, so that megabytes of it do
 * not stop the page.
 *
 * @module
 */

import { type ReadonlySignal, signal } from "@preact/signals";
import { type Piece, Transcript } from "./transcript.ts";

/** The event `output`. */
export interface OutputEvent {
  readonly attempt: number;
  readonly pieces: readonly Piece[];
  /** Nothing more comes. */
  readonly ended?: boolean;
}

/** At most so long at a time, milliseconds: half a frame. */
const PORTION_TIME = 8;

/** While there is more to read, it is shown so often, milliseconds. */
const SHOW_PACE = 200;

/** So many characters are read between two looks at the clock. */
const PORTION_SIZE = 16 * 1024;

/** What has come of an attempt, and the transcript that it makes. */
export class OutputFeed {
  /** Goes up whenever the transcript has changed. */
  readonly version: ReadonlySignal<number>;
  readonly #version = signal(0);
  #transcript = new Transcript();
  #attempt: number | null = null;
  #waiting: Piece[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shownAt = -Infinity;

  constructor() {
    this.version = this.#version;
  }

  /** The transcript as far as it is read. */
  get transcript(): Transcript {
    return this.#transcript;
  }

  /** Whose output it is; null before anything has come. */
  get attempt(): number | null {
    return this.#attempt;
  }

  /** Takes an event. The output of another attempt begins anew. */
  take({ attempt, pieces, ended = false }: OutputEvent): void {
    if (attempt !== this.#attempt) {
      this.clear();
      this.#attempt = attempt;
    }
    for (const piece of pieces) this.#waiting.push(...portionsOf(piece));
    if (ended) this.#waiting.push(END);
    // The first portion is shown at once.
    if (this.#timer === undefined) this.#work();
  }

  /** Forgets all. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    this.#transcript = new Transcript();
    this.#attempt = null;
    this.#version.value++;
  }

  #work(): void {
    this.#timer = undefined;
    const until = performance.now() + PORTION_TIME;
    let done = 0;
    while (done < this.#waiting.length && (done === 0 || performance.now() < until)) {
      const piece = this.#waiting[done++]!;
      if (piece === END) this.#transcript.end();
      else this.#transcript.add(piece);
    }
    this.#waiting = this.#waiting.slice(done);
    const isAll = this.#waiting.length === 0;
    if (!isAll) this.#timer = setTimeout(() => this.#work());
    if (!isAll && performance.now() < this.#shownAt + SHOW_PACE) return;
    this.#shownAt = performance.now();
    this.#version.value++;
  }
}

const END: Piece = { time: null, stream: "stdout" };

function* portionsOf(piece: Piece): Generator<Piece> {
  const { text, time, stream } = piece;
  if (text === undefined || text.length <= PORTION_SIZE) return yield piece;
  yield { ...piece, text: text.slice(0, PORTION_SIZE) };
  for (let at = PORTION_SIZE; at < text.length; at += PORTION_SIZE) {
    yield { time, stream, text: text.slice(at, at + PORTION_SIZE) };
  }
}
