/**
 * The executable that tests drive: built when the first test needs it, and again when a source changed.
 *
 * @module
 */

import { compileQueuectl } from "./compile.ts";
import { exists, filesIn, REPOSITORY } from "./folders.ts";

/** A build that no run has asked for in this long is removed: each one has 85 MB. */
const KEPT_MS = 60 * 60 * 1000;

let building: Promise<string> | undefined;

/** The path of an executable of the source as it is now. */
export function executable(): Promise<string> {
  return building ??= build();
}

async function build(): Promise<string> {
  const builds = `${REPOSITORY}dist/test`;
  const folder = `${builds}/${await fingerprint()}`;
  const path = `${folder}/queuectl`;
  if (await exists(path)) {
    const now = new Date();
    await Deno.utime(folder, now, now);
    return path;
  }
  await Deno.mkdir(folder, { recursive: true });
  await removeOld(builds);
  // Another run, or thread, that builds at the same time must not find half a file.
  const unfinished = `${path}-${crypto.randomUUID()}`;
  await compileQueuectl(unfinished, (sentence) => console.error(sentence));
  await Deno.rename(unfinished, path);
  return path;
}

async function removeOld(builds: string): Promise<void> {
  for await (const { name } of Deno.readDir(builds)) {
    try {
      const { mtime } = await Deno.stat(`${builds}/${name}`);
      if (mtime !== null && Date.now() - mtime.getTime() > KEPT_MS) {
        await Deno.remove(`${builds}/${name}`, { recursive: true });
      }
    } catch (error) {
      // Another run that builds at the same time may have removed it.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** Changes with whatever the executable is made of. */
async function fingerprint(): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  const sources = [...await filesIn("src"), ...await filesIn("tests/toolchain")];
  for (const path of ["deno.json", "deno.lock", "main.ts", ...sources]) {
    const digest = await crypto.subtle.digest(
      "SHA-256",
      await Deno.readFile(REPOSITORY + path),
    );
    parts.push(encoder.encode(path), new Uint8Array(digest));
  }
  const runtime = Deno.env.get("DENORT_BIN") ?? "";
  parts.push(encoder.encode(`${Deno.version.deno} ${runtime}`));
  const all = await crypto.subtle.digest(
    "SHA-256",
    await new Blob(parts).arrayBuffer(),
  );
  return new Uint8Array(all).subarray(0, 12).toHex();
}
