/**
 * The files of the page: beside the modules in the executable, and from source made at the start.
 *
 * @module
 */

import { importLater, moduleUrl } from "../lazy.ts";

/** A file of the page. */
export interface Asset {
  /** The content type. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Changes with the bytes. */
  readonly etag: string;
}

/** The files of the page, by their paths in a URL. */
export interface Assets {
  /** A file, or null if there is none of that path. */
  get(path: string): Promise<Asset | null>;
}

/** What the page shows at each of its own addresses. */
export const INDEX = "/index.html";

/** The files that are sent as they are, by their names in `page/`. */
export const PAGE_FILES = [
  "index.html",
  "page.css",
  "parts.css",
  "views.css",
  "jobs.css",
  "favicon.svg",
] as const;

/** What is made of the modules in `page/`. */
export const PAGE_SCRIPT = "page.js";

/** What can be asked for: whatever else a path says is never looked for on the disk. */
const PATHS: ReadonlySet<string> = new Set([...PAGE_FILES, PAGE_SCRIPT].map((name) => `/${name}`));

/** Content types by the endings of names. */
const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

/**
 * The files of this program's page. From source the script is begun to be made at once, and whoever asks
 * for it waits; what goes wrong is told to `onError` and, by a script in its place, to who looks at the page.
 *
 * @param make makes the script; null where it is there
 */
export function pageAssets(
  onError: (sentence: string) => void,
  make: (() => Promise<Uint8Array<ArrayBuffer>>) | null = isSource() ? bundle : null,
): Assets {
  const found = new Map<string, Promise<Asset>>();
  const script = make === null ? null : madeScript(make, onError);
  return {
    async get(path) {
      if (!PATHS.has(path)) return null;
      const type = TYPES[path.split(".").at(-1)!]!;
      let asset = found.get(path);
      if (asset === undefined) {
        const bytes = path === `/${PAGE_SCRIPT}` && script !== null ? script : readPageFile(path);
        found.set(path, asset = bytes.then((bytes) => makeAsset(type, bytes)));
        // What cannot be read now may be there the next time.
        asset.catch(() => found.delete(path));
      }
      return await asset;
    },
  };
}

function isSource(): boolean {
  return import.meta.url.endsWith(".ts");
}

function readPageFile(path: string): Promise<Uint8Array<ArrayBuffer>> {
  // A bundle has the modules at other places; those of the page keep theirs.
  const anchor = moduleUrl("web/page/main");
  return Deno.readFile(new URL(`.${path}`, anchor));
}

async function bundle(): Promise<Uint8Array<ArrayBuffer>> {
  const { bundlePage } = await importLater<typeof import("./page_bundle.ts")>("web/page_bundle");
  return await bundlePage();
}

async function madeScript(
  make: () => Promise<Uint8Array<ArrayBuffer>>,
  onError: (sentence: string) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await make();
  } catch (error) {
    const { message } = error as Error;
    onError(message);
    return new TextEncoder().encode(`document.body.textContent = ${JSON.stringify(message)};\n`);
  }
}

/** A file of the page as it is sent. */
export async function makeAsset(type: string, bytes: Uint8Array<ArrayBuffer>): Promise<Asset> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const tag = Array.from(digest.subarray(0, 12), (byte) => byte.toString(16).padStart(2, "0"));
  return { type, bytes, etag: `"${tag.join("")}"` };
}
