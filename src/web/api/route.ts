/**
 * What a route of the HTTP API is. One table of them ({@link ROUTES} in `routes.ts`) makes the server,
 * the OpenAPI document, the read-only mode and the tests.
 *
 * @module
 */

import type { GenericSchema, InferOutput } from "valibot";
import type { Store } from "../../store/store.ts";

/** A method that the API answers; GET is also asked for by HEAD. */
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The schema of each key of an object, by its name: what is optional says so in its schema. */
export type Fields = Readonly<Record<string, GenericSchema>>;

/** What {@linkcode Fields} read to. */
export type Values<F extends Fields> = { readonly [K in keyof F]: InferOutput<F[K]> };

/** Text that names jobs, as it comes, not read yet. */
export interface RawBody {
  /** The media type in lower case, without its parameters. */
  readonly type: string;
  /**
   * The bytes; it fails with {@linkcode TooLargeError} where there are too many. Empty: no body.
   */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What the server lends its routes. */
export interface ApiEnv {
  /** The store; what it throws is the answer. */
  store(): Store | Promise<Store>;
  /** The wall clock, milliseconds since the epoch. */
  now(): number;
  /** The absolute directory of jobs that name none: the one in which the dashboard was started. */
  readonly cwd: string;
  /** Whether every route that writes is refused. */
  readonly readOnly: boolean;
  /** Hears of failures that are not the client's. */
  log?(error: unknown, method: Method, path: string): void;
}

/** A request that was read and found valid. */
export interface ApiRequest<P = unknown, Q = unknown, B = unknown> {
  readonly store: Store;
  /** The parameters in the path, decoded. */
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The wall clock, milliseconds since the epoch. */
  now(): number;
  readonly cwd: string;
  /** Aborted when nobody reads the answer any more; before it has begun, nobody can tell. */
  readonly signal: AbortSignal;
  readonly headers: Headers;
}

/** An answer: one JSON value, or bytes as they come. */
export type Answer = JsonAnswer | StreamAnswer;

/** One JSON value. */
export interface JsonAnswer {
  readonly status: number;
  readonly json: unknown;
}

/** Bytes as they come; when nobody reads them any more, the source is told to return. */
export interface StreamAnswer {
  readonly status: number;
  /** The content type. */
  readonly type: string;
  readonly parts: AsyncIterable<Uint8Array<ArrayBuffer>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an answer with some status is. */
export interface ResponseSpec {
  readonly description: string;
  /** By media type; null: text or bytes of no schema. */
  readonly content: Readonly<Record<string, GenericSchema | null>>;
  /** A value that fits the JSON schema, for the document. */
  readonly example?: unknown;
}

/** What a route takes as its body. */
export type BodySpec =
  /** One JSON object with these keys, at most 1 MiB. */
  | { readonly kind: "fields"; readonly fields: Fields; readonly example: unknown }
  /** One job spec. */
  | { readonly kind: "job"; readonly example: unknown }
  /** Job specs: an object, a list, or one a line; at most 64 MiB, handed on unread. */
  | { readonly kind: "jobs"; readonly example: unknown };

/** The errors that a route has beside those that any may have. */
export type RouteError = 400 | 404 | 409;

/** A route. */
export interface Route {
  readonly method: Method;
  /** Such as `/api/jobs/{id}`. */
  readonly path: string;
  /** A name for programs, unique: `listJobs`. */
  readonly name: string;
  /** A word for the group that it is in. */
  readonly tag: string;
  /** One line, sentence case, no full stop. */
  readonly summary: string;
  /** More, in sentences. */
  readonly description?: string;
  /** Whether it may change anything: refused when the dashboard is read-only. */
  readonly writes: boolean;
  /** Parameters in the path, as texts. */
  readonly params: Fields;
  /** Parameters after `?`, as texts. */
  readonly query: Fields;
  /** What the parameters mean, by their names. */
  readonly words: Readonly<Record<string, string>>;
  readonly body: BodySpec | null;
  /** Its good answers by status. */
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  readonly errors: readonly RouteError[];
  handle(request: ApiRequest): Promise<Answer>;
}

/** What a body reads to. */
type BodyOf<B extends BodySpec | null> = B extends
  { kind: "fields"; fields: infer F extends Fields } ? Values<F>
  : B extends { kind: "jobs" } ? RawBody
  : B extends { kind: "job" } ? unknown
  : null;

/** A route before the types of its parts are forgotten. */
export type RouteSpec<P extends Fields, Q extends Fields, B extends BodySpec | null> =
  & Omit<Route, "params" | "query" | "body" | "handle" | "words" | "errors">
  & {
    readonly params?: P;
    readonly query?: Q;
    readonly words?: Readonly<Record<string, string>>;
    readonly body?: B;
    readonly errors?: readonly RouteError[];
    handle(request: ApiRequest<Values<P>, Values<Q>, BodyOf<B>>): Promise<Answer>;
  };

/** Makes a route: `handle` gets what the fields read to. */
export function defineRoute<
  const P extends Fields = Record<never, never>,
  const Q extends Fields = Record<never, never>,
  const B extends BodySpec | null = null,
>(spec: RouteSpec<P, Q, B>): Route {
  const { params = {}, query = {}, words = {}, body = null, errors = [] } = spec;
  return { ...spec, params, query, words, body, errors } as unknown as Route;
}
