/**
 * Programs out of Debian's packages: fetched by the system's own package manager, unpacked in the cache
 * folder, and not installed.
 *
 * @module
 */

import { CommandError, run } from "./command.ts";
import { cacheFolder, exists } from "./folders.ts";

/**
 * The folder with what some packages hold, fetched if it is not there yet. Two that fetch at once do
 * not harm each other.
 *
 * @param title what the folder is called, apart from the release and the architecture
 * @throws if this machine has no such package manager, or it does not get the packages
 */
export async function debianPackages(title: string, names: readonly string[]): Promise<string> {
  const system = await Deno.readTextFile("/etc/os-release");
  const release = /^VERSION_CODENAME=(\w+)/m.exec(system)?.[1] ?? "unknown";
  const cache = await cacheFolder();
  const folder = `${cache}/${title}-${release}-${Deno.build.arch}`;
  if (await exists(folder)) return folder;
  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "fetch-" });
  try {
    const root = `${scratch}/root`;
    for (const file of await download(names, scratch)) await run(["dpkg-deb", "-x", file, root]);
    await Deno.rename(root, folder).catch(async (error) => {
      // Another run was faster; what it made is the same.
      if (!await exists(folder)) throw error;
    });
    return folder;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** By the system's lists of packages; where it has none, as in a fresh container, by lists of ours. */
async function download(names: readonly string[], scratch: string): Promise<string[]> {
  const folder = `${scratch}/packages`;
  await Deno.mkdir(folder);
  try {
    await run(["apt-get", "download", ...names], { cwd: folder });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const state = `${scratch}/state`;
    await Deno.mkdir(`${state}/lists/partial`, { recursive: true });
    const own = [
      `Dir::State=${state}`,
      "Dir::State::status=/var/lib/dpkg/status",
      `Dir::Cache=${scratch}/cache`,
    ].flatMap((option) => ["-o", option]);
    await run(["apt-get", ...own, "update"], { cwd: folder });
    await run(["apt-get", ...own, "download", ...names], { cwd: folder });
  }
  const files = await Array.fromAsync(Deno.readDir(folder), ({ name }) => `${folder}/${name}`);
  return files.filter((file) => file.endsWith(".deb"));
}
