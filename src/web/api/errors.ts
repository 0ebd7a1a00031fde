/**
 * From errors to answers: the HTTP status follows from the exit code that the command line would end with.
 *
 * @module
 */

import { type ExitCode, QueuectlError, UsageError } from "../../errors.ts";
import { escapeJson } from "../../escape.ts";

/** Words for programs. */
export const ERROR_CODES = [
  "invalid",
  "unauthorized",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "too_slow",
  "conflict",
  "too_large",
  "unsupported_type",
  "too_many",
  "internal",
  "store_unavailable",
] as const;

/** A word for programs. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What the body of a refused request holds under `error`. */
export interface ErrorJson {
  code: ErrorCode;
  /** What the command line would exit with. */
  exit_code: number;
  /** One sentence. */
  message: string;
  /** The key of the body or the query that it is about. */
  field: string | null;
  /** The line of the body, or the place in its list, counted from 1. */
  line: number | null;
}

/** What HTTP has a status of its own for. */
export abstract class HttpError extends UsageError {
  /** The status of the answer. */
  abstract readonly status: number;
  /** A word for programs. */
  abstract readonly code: ErrorCode;
}

/** The body is larger than it may be. */
export class TooLargeError extends HttpError {
  readonly status = 413;
  readonly code = "too_large";

  /** @param limit so many bytes it may have */
  constructor(limit: number, advice = "") {
    super(`The body has more than ${limit / 1024 / 1024} MiB${advice}`);
  }
}

/** The body is of a type that the route does not read. */
export class UnsupportedTypeError extends HttpError {
  readonly status = 415;
  readonly code = "unsupported_type";
}

/** The server was started with `--read-only`. */
export class ReadOnlyError extends HttpError {
  readonly status = 403;
  readonly code = "forbidden";

  constructor() {
    super("The dashboard is read-only: start it without --read-only to change anything");
  }
}

/** There is such a path, but not for this method. */
export class MethodError extends HttpError {
  readonly status = 405;
  readonly code = "method_not_allowed";
  /** The methods that there are. */
  readonly allowed: readonly string[];

  constructor(method: string, allowed: readonly string[]) {
    super(`This path does not know ${method}: it knows ${allowed.join(", ")}`);
    this.allowed = allowed;
  }
}

const BY_EXIT_CODE: Partial<Record<ExitCode, { status: number; code: ErrorCode }>> = {
  2: { status: 400, code: "invalid" },
  3: { status: 404, code: "not_found" },
  4: { status: 409, code: "conflict" },
  5: { status: 503, code: "store_unavailable" },
};

/** The status that an error has. */
export function statusOf(error: unknown): number {
  return meaningOf(error).status;
}

/** The error as it is sent. What queuectl did not foresee says no more than that. */
function errorToJson(error: unknown): ErrorJson {
  const { code } = meaningOf(error);
  if (!(error instanceof QueuectlError)) {
    const message = "An unexpected failure; the dashboard has logged more";
    return { code, exit_code: 1, message, field: null, line: null };
  }
  const { exitCode, message, field, line } = error;
  return { code, exit_code: exitCode, message, field, line };
}

/** The answer to a request that failed. */
export function errorResponse(error: unknown): Response {
  const headers = error instanceof MethodError ? { allow: error.allowed.join(", ") } : {};
  return answerError(statusOf(error), errorToJson(error), headers);
}

/** An answer that says what is wrong. */
export function answerError(
  status: number,
  error: ErrorJson,
  headers: Readonly<Record<string, string>>,
): Response {
  return new Response(`${escapeJson({ error })}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
  });
}

function meaningOf(error: unknown): { status: number; code: ErrorCode } {
  if (error instanceof HttpError) return error;
  const known = error instanceof QueuectlError ? BY_EXIT_CODE[error.exitCode] : undefined;
  return known ?? { status: 500, code: "internal" };
}
