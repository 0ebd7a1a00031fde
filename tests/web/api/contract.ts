/**
 * The dashboard's API as a test asks it: every answer is held to the OpenAPI document, and what was asked
 * for is remembered.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { openApiDocument } from "../../../src/web/api/openapi.ts";
import { ROUTES } from "../../../src/web/api/routes.ts";
import type { Route } from "../../../src/web/api/route.ts";
import { type Asked, Dashboard, type DashboardOptions } from "../dashboard.ts";

/** The document. */
export const DOCUMENT = openApiDocument(ROUTES, "1.2.3") as unknown as OpenApi;

/** What the tests read of the document. */
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

/** A route as the document has it. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;

const ajv = new Ajv2020({
  strict: false,
  allErrors: false,
  formats: {
    "date-time": /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
  },
});
ajv.addSchema(DOCUMENT, "api");

const compiled = new Map<object, ValidateFunction>();

/** What is wrong with a value; null if it fits a schema of the document. */
export function misfit(schema: object, value: unknown): string | null {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    // Names within the document are found from its root.
    const text = JSON.stringify(schema).replaceAll('"#/components/', '"api#/components/');
    validate = ajv.compile(JSON.parse(text));
    compiled.set(schema, validate);
  }
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

/** The API of one dashboard. */
export class Contract implements AsyncDisposable {
  readonly dashboard: Dashboard;
  /** The statuses that each route gave, by its name. */
  readonly seen: Map<string, Set<number>>;

  private constructor(dashboard: Dashboard, seen: Map<string, Set<number>>) {
    this.dashboard = dashboard;
    this.seen = seen;
  }

  static async open(
    options: DashboardOptions = {},
    seen: Map<string, Set<number>> = new Map(),
  ): Promise<Contract> {
    return new Contract(await Dashboard.open(options), seen);
  }

  /** The queue behind it. */
  get queue() {
    return this.dashboard.queue;
  }

  /** Asks; a body that is a text or a stream is sent as it is, another one as JSON. */
  async ask(method: string, path: string, body?: unknown, headers: HeadersInit = {}) {
    const init: RequestInit = { method, headers: new Headers(headers) };
    const all = init.headers as Headers;
    if (method !== "GET" && method !== "HEAD") all.set("x-queuectl", "1");
    if (body !== undefined) {
      if (!all.has("content-type")) all.set("content-type", "application/json");
      init.body = typeof body === "string" || body instanceof ReadableStream
        ? body
        : JSON.stringify(body);
    }
    const asked = await this.dashboard.ask(`/api${path}`, init);
    this.#check(method, path, asked);
    return asked;
  }

  /** Asks, and expects a status; the body. */
  // deno-lint-ignore no-explicit-any -- what the answer holds is what the tests are about
  async want(status: number, method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.ask(method, path, body);
    strictEqual(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Asks for what is refused; the error. */
  async refused(
    status: number,
    [method, path, body]: readonly [method: string, path: string, body?: unknown],
    expected: { readonly message?: string | RegExp; readonly field?: string | null } = {},
  ): Promise<void> {
    const { error } = await this.want(status, method, path, body);
    const { message, field } = expected;
    if (typeof message === "string") strictEqual(error.message, message);
    else if (message !== undefined) ok(message.test(error.message), error.message);
    if (field !== undefined) deepStrictEqual(error.field, field, error.message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dashboard[Symbol.asyncDispose]();
    deepStrictEqual(this.dashboard.failures, []);
  }

  #check(method: string, path: string, { status, body, response }: Asked): void {
    const route = routeOf(method, new URL(`http://host/api${path}`).pathname);
    if (route === undefined) return;
    const { name } = route;
    const statuses = this.seen.get(name) ?? new Set();
    this.seen.set(name, statuses.add(status));
    const described = DOCUMENT.paths[route.path]![method.toLowerCase()]!.responses[status];
    ok(described !== undefined, `${name} gives ${status}, which the document does not tell of`);
    const type = response.headers.get("content-type")!.split(";")[0]!;
    const content = described.content[type];
    ok(content !== undefined, `${name} gives ${type}, which the document does not tell of`);
    if (type !== "application/json") return;
    const wrong = misfit(content.schema, body);
    strictEqual(wrong, null, `${name} ${status}: ${wrong} in ${JSON.stringify(body)}`);
  }
}

/** The route that a path is of. */
export function routeOf(method: string, pathname: string): Route | undefined {
  return ROUTES.find((route) =>
    route.method === method &&
    new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(pathname) &&
    !ROUTES.some((other) => other.path === pathname && other.path !== route.path)
  );
}
