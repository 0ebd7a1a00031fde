/**
 * Bodies that come slowly or not at all.
 *
 * @module
 */

import { HttpError } from "./api/errors.ts";

/** How long a body may take, milliseconds. */
export interface BodyPace {
  /** Until the next byte. */
  readonly idle: number;
  /** In all: the largest one, 64 MiB, takes five minutes at 220 kB/s. */
  readonly total: number;
}

/** The pace that is asked of bodies. */
export const BODY_PACE: BodyPace = { idle: 15_000, total: 300_000 };

/** A body did not come in time. */
export class SlowBodyError extends HttpError {
  readonly status = 408;
  readonly code = "too_slow";

  constructor() {
    super("The body came too slowly");
  }
}

/** The same bytes; they fail with a {@linkcode SlowBodyError} where they come too slowly. */
export function paced(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { idle, total }: BodyPace,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  const end = performance.now() + total;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { promise, reject } = Promise.withResolvers<never>();
      const patience = Math.max(0, Math.min(idle, end - performance.now()));
      const timer = setTimeout(() => reject(new SlowBodyError()), patience);
      try {
        const { value, done } = await Promise.race([reader.read(), promise]);
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        controller.error(error);
        if (error instanceof SlowBodyError) void reader.cancel(error).catch(() => {});
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/**
 * The text of a small body.
 *
 * @returns null if it has more than `limit` bytes; the rest is not read
 */
export async function readSmall(request: Request, limit: number): Promise<string | null> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > limit) return null;
    parts.push(part);
  }
  return await new Blob(parts).text();
}
