/**
 * Which modules a command line loads: those of queuectl, packages, and what Deno has built in.
 *
 * @module
 */

import { strictEqual } from "node:assert/strict";
import { start } from "../../helpers/program.ts";
import { REPOSITORY } from "../../toolchain/folders.ts";

const PROBE = new URL("probe.ts", import.meta.url).pathname;

/**
 * The modules that a command line loads, sorted: `src/…`, `npm:…` without its version, `node:…`; `ext:…`
 * is code of Deno that not every program loads.
 *
 * @param folder for a file of this call
 * @param args the command line; empty for a program that does nothing
 */
export async function loadedBy(folder: string, args: readonly string[]): Promise<string[]> {
  const file = `${folder}/${crypto.randomUUID()}`;
  const { command: [deno, ...words], env } = await start("source");
  const { code, stderr } = await new Deno.Command(deno, {
    args: [...words.slice(0, -1), PROBE, file, ...args],
    env: { ...env, HOME: folder },
    stdin: "null",
    stdout: "null",
  }).output();
  strictEqual(code, 0, `${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  const urls = (await Deno.readTextFile(file)).trimEnd().split("\n");
  return [...new Set(urls.map(nameOf))].filter((name) => !name.startsWith("tests/")).sort();
}

function nameOf(url: string): string {
  const [, name] = /\/npm\/[^/]+\/(.+)\/\d+\.\d+\.\d+[^/]*\//.exec(url) ?? [];
  if (name !== undefined) return `npm:${name}`;
  return url.replace(`file://${REPOSITORY}`, "");
}
