/**
 * Answers to requests that do not reach a route of the API, in the API's shape.
 *
 * @module
 */

import { answerError, type ErrorCode } from "./api/errors.ts";

/** Why a request is refused. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 408 | 413 | 429 | 500 | 503;
  /** A word for programs. */
  readonly code: ErrorCode;
  /** One sentence. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Exit codes of the command line that mean the same; another refusal is wrong usage. */
const EXIT_CODES: Readonly<Record<number, number>> = { 404: 3, 500: 1, 503: 5 };

/** The answer of a refused request. */
export function refuse({ status, code, message, headers = {} }: Refusal): Response {
  const exit_code = EXIT_CODES[status] ?? 2;
  return answerError(status, { code, exit_code, message, field: null, line: null }, headers);
}
