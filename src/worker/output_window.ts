/**
 * What is kept of an attempt's output: its first and its last half within a budget.
 *
 * A chunk's `seq` is the position of its first byte in all that the attempt wrote, both streams
 * counted together in order of arrival. So order, and how many bytes are missing between two chunks
 * that are kept, can be seen from `seq` alone, also after chunks in between were dropped.
 *
 * @module
 */

import type { OutputChunk, Stream } from "./protocol.ts";

/** A part of a stream to read next: first pass over `skip` bytes, then take `length`. */
export interface Segment {
  readonly stream: Stream;
  readonly skip: number;
  readonly length: number;
}

/** A chunk of the last half. */
interface Kept {
  readonly seq: number;
  readonly stream: Stream;
  readonly time: number;
  readonly bytes: Uint8Array;
  /** What was said to be missing before it when it was emitted; null until it is. */
  announced: number | null;
}

/**
 * Decides which bytes are read, kept and dropped. Holds the last half in memory, at most half of the
 * budget, since the byte at which it has to begin is only known at the end.
 */
export class OutputWindow {
  readonly #token: string;
  readonly #tailBudget: number;
  #headLeft: number;
  #headEnd = 0;
  #position = 0;
  readonly #headBytes: Record<Stream, number> = { stdout: 0, stderr: 0 };
  /** Chunks of the first half that were not emitted yet. */
  #head: OutputChunk[] = [];
  /** The last half, oldest first. */
  #tail: Kept[] = [];
  #tailBytes = 0;
  /** The chunk that was dropped last; its end may belong to the last half after all. */
  #trimmed: Kept | null = null;
  #dropped: { from: number; to: number } | null = null;

  /** @param maxOutput How many bytes are kept at most, both streams together. */
  constructor(token: string, maxOutput: number) {
    this.#token = token;
    this.#headLeft = Math.floor(maxOutput / 2);
    this.#tailBudget = maxOutput - this.#headLeft;
  }

  /** How many bytes the attempt is known to have written. */
  get position(): number {
    return this.#position;
  }

  /** How much of a stream is in the first half. */
  headBytes(stream: Stream): number {
    return this.#headBytes[stream];
  }

  /**
   * Says what to read of so many unread bytes. Their order between the streams is not known; where
   * not all can be kept, each stream may have at least half of the room.
   */
  plan(rest: Readonly<Record<Stream, number>>): Segment[] {
    const head = shareRoom(rest, this.#headLeft);
    const after = { stdout: rest.stdout - head.stdout, stderr: rest.stderr - head.stderr };
    const tail = shareRoom(after, this.#tailBudget);
    const segments: Segment[] = [
      { stream: "stdout", skip: 0, length: head.stdout },
      { stream: "stderr", skip: 0, length: head.stderr },
      { stream: "stdout", skip: after.stdout - tail.stdout, length: tail.stdout },
      { stream: "stderr", skip: after.stderr - tail.stderr, length: tail.stderr },
    ];
    return segments.filter((segment) => segment.skip + segment.length > 0);
  }

  /** Counts bytes that are passed over unread. */
  skip(bytes: number): void {
    this.#position += bytes;
  }

  /** Takes what was read next. The array is kept, not copied. */
  push(stream: Stream, bytes: Uint8Array, time: number): void {
    const forHead = bytes.subarray(0, this.#headLeft);
    if (forHead.length > 0) this.#pushHead(stream, forHead, time);
    const forTail = bytes.subarray(forHead.length);
    if (forTail.length > 0) this.#pushTail(stream, forTail, time);
  }

  /** The chunks that are new since the last call. */
  take(): OutputChunk[] {
    const chunks = this.#head;
    this.#head = [];
    let end = this.#headEnd;
    for (const kept of this.#tail) {
      if (kept.announced === null) chunks.push(this.#announce(kept, kept.seq - end));
      end = kept.seq + kept.bytes.length;
    }
    return this.#withDropped(chunks);
  }

  /** The same at the end of the attempt, when the last half can be cut to the byte. */
  finish(): OutputChunk[] {
    this.#refill();
    let end = this.#headEnd;
    for (const kept of this.#tail) {
      // What is missing before it has changed since it was sent: it is sent anew, in its own place.
      if (kept.announced !== null && kept.announced !== kept.seq - end) {
        this.#drop(kept);
        kept.announced = null;
      }
      end = kept.seq + kept.bytes.length;
    }
    return this.take();
  }

  #pushHead(stream: Stream, bytes: Uint8Array, time: number): void {
    const missing = this.#position - this.#headEnd;
    const seq = this.#position;
    this.#head.push({ token: this.#token, seq, stream, time, bytes, missing, dropped: null });
    this.#headLeft -= bytes.length;
    this.#headBytes[stream] += bytes.length;
    this.#position += bytes.length;
    this.#headEnd = this.#position;
  }

  #pushTail(stream: Stream, bytes: Uint8Array, time: number): void {
    this.#tail.push({ seq: this.#position, stream, time, bytes, announced: null });
    this.#position += bytes.length;
    this.#tailBytes += bytes.length;
    while (this.#tailBytes > this.#tailBudget) {
      const oldest = this.#tail.shift();
      if (oldest === undefined) break;
      this.#tailBytes -= oldest.bytes.length;
      this.#trimmed = oldest;
      if (oldest.announced !== null) this.#drop(oldest);
    }
  }

  /** Puts the end of the chunk that was dropped last back in front, as far as there is room. */
  #refill(): void {
    const room = this.#tailBudget - this.#tailBytes;
    const last = this.#trimmed;
    if (last === null || room === 0) return;
    const bytes = last.bytes.slice(-room);
    const seq = last.seq + last.bytes.length - bytes.length;
    this.#tail.unshift({ seq, stream: last.stream, time: last.time, bytes, announced: null });
    this.#tailBytes += bytes.length;
    this.#trimmed = null;
  }

  #drop(kept: Kept): void {
    this.#dropped = { from: this.#dropped?.from ?? kept.seq, to: kept.seq + 1 };
  }

  #announce(kept: Kept, missing: number): OutputChunk {
    kept.announced = missing;
    const { seq, stream, time, bytes } = kept;
    return { token: this.#token, seq, stream, time, bytes, missing, dropped: null };
  }

  #withDropped(chunks: OutputChunk[]): OutputChunk[] {
    const first = chunks[0];
    if (first === undefined || this.#dropped === null) return chunks;
    chunks[0] = { ...first, dropped: this.#dropped };
    this.#dropped = null;
    return chunks;
  }
}

/** Fills `room` so that either stream gets what it asks for or at least half. */
function shareRoom(asked: Readonly<Record<Stream, number>>, room: number): Record<Stream, number> {
  const stderr = Math.min(asked.stderr, Math.max(Math.floor(room / 2), room - asked.stdout));
  return { stdout: Math.min(asked.stdout, room - stderr), stderr };
}
