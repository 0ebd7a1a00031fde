/**
 * A real cron: Debian's, out of its package, not installed.
 *
 * @module
 */

import { debianPackages } from "./debian_packages.ts";

/**
 * The path of the daemon.
 *
 * @throws if it cannot be had, such as on a system without apt
 */
export async function cronDaemon(): Promise<string> {
  return `${await debianPackages("cron", ["cron"])}/usr/sbin/cron`;
}
