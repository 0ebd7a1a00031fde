/**
 * A real cron: Debian's, out of its package, not installed.
 *
 * @module
 */

import { run } from "./command.ts";
import { cacheFolder, exists } from "./folders.ts";

/**
 * The path of the daemon in the cache folder, fetched by the system's own package manager if it is not
 * there yet.
 *
 * @throws if this machine has no such package manager, or it does not get the package
 */
export async function cronDaemon(): Promise<string> {
  const cache = await cacheFolder();
  const folder = `${cache}/debian-cron`;
  const daemon = `${folder}/usr/sbin/cron`;
  if (await exists(daemon)) return daemon;
  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "fetch-" });
  try {
    await run(["apt-get", "download", "--quiet", "cron"], { cwd: scratch });
    await run(["sh", "-c", "dpkg-deb -x cron_*.deb debian-cron"], { cwd: scratch });
    // Two that fetch at once: the second finds the first one's.
    await Deno.rename(`${scratch}/debian-cron`, folder).catch(async (error) => {
      if (!await exists(daemon)) throw error;
    });
    return daemon;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}
