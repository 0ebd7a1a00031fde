/**
 * Where the tools find things.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** The folder of the repository, with a `/` at its end. */
export const REPOSITORY: string = fileURLToPath(
  new URL("../../", import.meta.url),
);

/**
 * The folder for what the tools fetch once for each machine: outside the repository, so that a fresh
 * clone finds it again. It is created.
 */
export async function cacheFolder(): Promise<string> {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const caches = Deno.env.get("XDG_CACHE_HOME") || `${home}/.cache`;
  const folder = `${caches}/queuectl-toolchain`;
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

/** Whether something is at this path. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Every file under a folder of the repository, by its path from there, sorted. */
export async function filesIn(folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(REPOSITORY + folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) paths.push(...await filesIn(path));
    else paths.push(path);
  }
  return paths.sort();
}
