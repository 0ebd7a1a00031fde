/**
 * The API on a server.
 *
 * @module
 */

import type { Context, Hono } from "hono";
import { NotFoundError } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { errorResponse, MethodError } from "./errors.ts";
import type { ApiEnv } from "./route.ts";
import { ROUTES } from "./routes.ts";
import { serve } from "./serve.ts";

/**
 * Puts every route on a server, and an answer to whatever else is asked for under `/api`. Who may ask is
 * decided before.
 */
export function mountApi(app: Hono, env: ApiEnv): void {
  for (const route of ROUTES) {
    app.on(
      route.method,
      pathOf(route.path),
      (context: Context) => serve(route, context.req.raw, context.req.param(), env),
    );
  }
  for (const path of new Set(ROUTES.map(({ path }) => path))) {
    const methods: string[] = ROUTES.filter((route) => route.path === path).map((route) =>
      route.method
    );
    const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
    app.all(
      pathOf(path),
      (context: Context) => errorResponse(new MethodError(context.req.method, allowed)),
    );
  }
  app.all("/api/*", ({ req }: Context) => {
    const path = quote(new URL(req.url).pathname);
    return errorResponse(
      new NotFoundError(`There is no ${path}: GET /api/openapi.json says what there is`),
    );
  });
}

/** `/api/jobs/{id}` as Hono writes it. */
function pathOf(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}
