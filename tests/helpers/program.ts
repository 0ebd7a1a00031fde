/**
 * The forms in which the program exists, and the command and environment to start each of them with.
 *
 * @module
 */

import { V8_FLAGS } from "../../src/cli/own_command.ts";
import { run } from "../toolchain/command.ts";
import { executable } from "../toolchain/executable.ts";
import { cacheFolder, exists, REPOSITORY } from "../toolchain/folders.ts";
import { OLDEST_DENO, oldestDeno } from "../toolchain/oldest_deno.ts";

/** From source by the Deno that runs the tests, as the executable, or from source by the oldest Deno. */
export type Via = "source" | "executable" | "oldest";

/** How to start the program: a command, and what its environment needs. */
export interface Start {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * How to start the program in one of its forms. What is needed is made first: the first call for
 * `executable` builds it, the first for `oldest` fetches that Deno.
 */
export async function start(via: Via): Promise<Start> {
  if (via === "executable") return { command: [await executable()], env: {} };
  const [deno, denoDir] = via === "source"
    ? [Deno.execPath(), await ownDenoDir()]
    : await Promise.all([oldestDeno(), oldestDenoDir()]);
  const source = ["--allow-all", V8_FLAGS, "--config", `${REPOSITORY}deno.json`];
  // What the newer one has left out of the folder it may still ask the registry for.
  const verb = via === "oldest" ? ["run", "--quiet"] : ["run"];
  return {
    command: [deno, ...verb, ...source, `${REPOSITORY}main.ts`],
    // HOME is the test's own, but the packages that are already here must be found.
    env: { DENO_DIR: denoDir, DENO_NO_UPDATE_CHECK: "1" },
  };
}

let ownDir: Promise<string> | undefined;

function ownDenoDir(): Promise<string> {
  return ownDir ??= run([Deno.execPath(), "info", "--json", "--no-config"])
    .then((info) => JSON.parse(info).denoDir);
}

let oldestDir: Promise<string> | undefined;

function oldestDenoDir(): Promise<string> {
  return oldestDir ??= makeOldestDenoDir();
}

/**
 * A `DENO_DIR` with the locked packages for the oldest Deno: two versions that share one empty each
 * other's caches. The Deno of the tests fills it, so that settings that only it knows hold.
 */
async function makeOldestDenoDir(): Promise<string> {
  const cache = await cacheFolder();
  const lock = await Deno.readFile(`${REPOSITORY}deno.lock`);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", lock));
  const folder = `${cache}/packages-${OLDEST_DENO}-${digest.subarray(0, 8).toHex()}`;
  if (await exists(folder)) return folder;
  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "packages-" });
  await run([Deno.execPath(), "install", "--quiet"], {
    cwd: REPOSITORY,
    env: { DENO_DIR: scratch },
  });
  try {
    await Deno.rename(scratch, folder);
  } catch (error) {
    // Another run was faster; what it made is the same.
    await Deno.remove(scratch, { recursive: true });
    if (!await exists(folder)) throw error;
  }
  return folder;
}
