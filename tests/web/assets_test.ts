import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { PAGE_FILES, PAGE_SCRIPT, pageAssets } from "../../src/web/assets.ts";

const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

Deno.test("pageAssets() has the page, made from its source, and nothing else", async () => {
  const problems: string[] = [];
  const assets = pageAssets((sentence) => problems.push(sentence));
  const index = await assets.get("/index.html");
  strictEqual(index?.type, "text/html; charset=utf-8");
  const html = text(index.bytes);
  // The content security policy forbids what stands in the page itself, and what others serve.
  ok(!/<style|<script(?! [^>]*src=)| style=| on\w+=|https?:/i.test(html), html);
  const named = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
  deepStrictEqual(
    named.toSorted(),
    [...PAGE_FILES, PAGE_SCRIPT].filter((name) => name !== "index.html").map((name) => `/${name}`)
      .toSorted(),
  );
  for (const path of named) ok((await assets.get(path))!.bytes.length > 0, path);
  match(text((await assets.get("/page.js"))?.bytes), /document/);
  const svg = text((await assets.get("/favicon.svg"))?.bytes);
  ok(!/<script|<style|style=|href=/.test(svg), svg);
  for (const path of named.filter((path) => path.endsWith(".css"))) {
    const css = text((await assets.get(path))?.bytes);
    ok(!/@import|url\((?!["']?data:)/.test(css), `${path} names other files`);
  }
  for (const path of ["/", "/main.tsx", "/constructor", "/../assets.ts"]) {
    strictEqual(await assets.get(path), null, path);
  }
  deepStrictEqual(problems, []);
});

Deno.test("pageAssets() says in the page why there is none", async () => {
  const problems: string[] = [];
  const sentence = 'The page cannot be made: "</script>"';
  const assets = pageAssets(
    (problem) => problems.push(problem),
    () => Promise.reject(new Error(sentence)),
  );
  const { bytes } = (await assets.get("/page.js"))!;
  strictEqual(text(bytes), `document.body.textContent = ${JSON.stringify(sentence)};\n`);
  deepStrictEqual(problems, [sentence]);
});
