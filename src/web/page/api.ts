/// <reference lib="dom" />
/**
 * Requests to the server that the page came from.
 *
 * @module
 */

import { capital } from "./format.ts";
import { linkTo } from "./router.ts";

/** What an answer says that is no success. */
interface ErrorBody {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly field?: string | null;
    readonly line?: number | null;
  };
}

/** A request that was refused, or that nobody answered. */
export class ApiError extends Error {
  /** The HTTP status; 0 if nobody answered. */
  readonly status: number;
  /** Such as `conflict`, `not_found`; `unreachable` if nobody answered. */
  readonly code: string;
  /** The key of the body that it is about; null if none. */
  readonly field: string | null;
  /** The line of the body that it is about, from 1; null if none. */
  readonly line: number | null;

  constructor(status: number, body: ErrorBody) {
    const { code, message, field, line } = body.error ?? {};
    super(message ?? `The server answered with status ${status}`);
    this.status = status;
    this.code = code ?? "internal";
    this.field = field ?? null;
    this.line = line ?? null;
  }
}

/** What may go with a request. */
export interface CallOptions {
  /** What goes behind the `?`; what is null or empty is left out. */
  readonly query?: Readonly<Record<string, string | null>>;
  /** Sent as JSON; a `string` as it is. */
  readonly body?: unknown;
  /** Of a body that is a string. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

const unauthorized = new Set<() => void>();

/** Calls `listener` whenever the server wants to know who asks. */
export function onUnauthorized(listener: () => void): void {
  unauthorized.add(listener);
}

/** Tells the listeners of {@linkcode onUnauthorized}. */
export function tellUnauthorized(): void {
  for (const listener of unauthorized) listener();
}

/**
 * Asks the API.
 *
 * @param path below `/api`, such as `/queues`
 * @returns the JSON of the answer; undefined if it has none
 * @throws {ApiError} if it is refused or nobody answers
 * @throws {DOMException} AbortError if `signal` was aborted
 */
export async function call<T>(
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<T> {
  const response = await callRaw(method, path, options);
  const text = await response.text();
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/**
 * As {@linkcode call}, for an answer that is not JSON or is read as it comes.
 *
 * @throws {ApiError} if it is refused or nobody answers
 */
async function callRaw(
  method: string,
  path: string,
  { query = {}, body, contentType = "application/json", signal }: CallOptions = {},
): Promise<Response> {
  const sent = body === undefined
    ? null
    : body instanceof Blob || typeof body === "string"
    ? body
    : JSON.stringify(body);
  let response: Response;
  try {
    response = await fetch(linkTo(`/api${path}`, query), {
      method,
      // The header is what a form of another site cannot send.
      headers: { "X-Queuectl": "1", ...sent === null ? {} : { "Content-Type": contentType } },
      body: sent,
      ...signal === undefined ? {} : { signal },
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, {
      error: { code: "unreachable", message: "The dashboard's server does not answer" },
    });
  }
  if (response.ok) return response;
  if (response.status === 401 && path !== "/session") tellUnauthorized();
  throw await errorOf(response);
}

/** GET: {@linkcode call}. */
export function get<T>(path: string, options: CallOptions = {}): Promise<T> {
  return call("GET", path, options);
}

/** POST: {@linkcode call}. */
export function post<T>(path: string, body: unknown = {}, options: CallOptions = {}): Promise<T> {
  return call("POST", path, { ...options, body });
}

/** PATCH: {@linkcode call}. */
export function patch<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  return call("PATCH", path, { ...options, body });
}

/** PUT: {@linkcode call}. */
export function put<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
  return call("PUT", path, { ...options, body });
}

/** DELETE: {@linkcode call}. */
export function remove<T>(path: string, options: CallOptions = {}): Promise<T> {
  return call("DELETE", path, options);
}

/** A name as one part of a path of the API: ids may hold slashes. */
export function part(name: string): string {
  return encodeURIComponent(name);
}

/** What went wrong, in one sentence. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The same beside the field that it is about: `"limit" must be …` is `Must be …` there. */
export function fieldMessageOf(error: unknown): string {
  const message = messageOf(error);
  const name = `"${error instanceof ApiError ? error.field : null}" `;
  return message.startsWith(name) ? capital(message.slice(name.length)) : message;
}

/** What an answer says that is no success. */
export async function errorOf(response: Response): Promise<ApiError> {
  let body: ErrorBody = {};
  try {
    body = await response.json();
  } catch {
    // Something between the page and the server has answered; the status says enough.
  }
  return new ApiError(response.status, body);
}
