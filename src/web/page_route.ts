/**
 * The page and its files.
 *
 * @module
 */

import { type Asset, type Assets, INDEX } from "./assets.ts";
import { refuse } from "./refusal.ts";

/** The addresses of the page: what it shows at each of them, it says itself. */
const PLACES = /^\/(?:(?:jobs(?:\/.*)?|dlq|queues|workers|schedules|enqueue)\/?)?$/;

/** Answers with a file of the page. */
export async function answerPage(
  request: Request,
  path: string,
  assets: Assets,
): Promise<Response> {
  const asset = await assets.get(PLACES.test(path) ? INDEX : path);
  if (asset !== null) return answerAsset(request, asset);
  if (request.headers.get("accept")?.includes("text/html")) {
    const index = await assets.get(INDEX);
    if (index !== null) {
      return new Response(index.bytes, { status: 404, headers: { "content-type": index.type } });
    }
  }
  return refuse({
    status: 404,
    code: "not_found",
    message: "There is nothing of this name: the page is at /, the API under /api",
  });
}

/** Kept by browsers, and asked for again each time whether it is still the same. */
function answerAsset(request: Request, { bytes, type, etag }: Asset): Response {
  const headers = { etag, "cache-control": "no-cache" };
  const known = request.headers.get("if-none-match")?.split(",").map((tag) =>
    tag.trim().replace(/^W\//, "")
  );
  if (known?.includes(etag) || known?.includes("*")) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(bytes, { headers: { ...headers, "content-type": type } });
}
