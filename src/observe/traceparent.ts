/**
 * The trace that a program is part of, as it finds it in the variable `TRACEPARENT` of its environment or the
 * header `traceparent` of a request: https://www.w3.org/TR/trace-context/#traceparent-header
 *
 * @module
 */

/** A place in a trace. */
export interface Traceparent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Of the span that is to be the parent: 16 hexadecimal digits. */
  readonly spanId: string;
  /** 0 to 255; bit 0 says that the trace is recorded. */
  readonly flags: number;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Reads a text; null if it is absent or malformed, which is as if it were not there. */
export function readTraceparent(text: string | null | undefined): Traceparent | null {
  const [, version, traceId, spanId, flags, more] = FORM.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === "ff" || (version === "00" && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, flags: parseInt(flags, 16) };
}

/** The text, in version 00. */
export function formatTraceparent({ traceId, spanId, flags }: Traceparent): string {
  // Of the flags of other versions only the first one is known.
  return `00-${traceId}-${spanId}-${flags & 1 ? "01" : "00"}`;
}

/** The text of a well-formed one, in version 00; null of any other. */
export function plainTraceparent(text: string): string | null {
  const traceparent = readTraceparent(text);
  return traceparent && formatTraceparent(traceparent);
}
