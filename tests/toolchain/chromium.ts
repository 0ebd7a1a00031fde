/**
 * The browser that tests drive: headless Chromium, from the npm registry through Deno's own npm client.
 *
 * @module
 */

import { run } from "./command.ts";
import { cacheFolder, exists, REPOSITORY } from "./folders.ts";

/** An installed browser. */
export interface Chromium {
  /** The path of its executable. */
  readonly executable: string;
  /** What its processes need in their environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The browser, unpacked into the cache folder if it is not there yet (67 MB packed, 250 MB unpacked). Two
 * that unpack at once do not harm each other: each renames a complete folder into place.
 *
 * @throws {CommandError} if it cannot be had
 */
export async function chromium(): Promise<Chromium> {
  const { imports } = JSON.parse(await Deno.readTextFile(`${REPOSITORY}tests/deno.json`));
  const version: string = imports["@sparticuz/chromium"].split("@").at(-1);
  const cache = await cacheFolder();
  const folder = `${cache}/chromium-${version}`;
  if (!await exists(folder)) await unpack(cache, folder);
  return {
    executable: `${folder}/chromium`,
    env: { LD_LIBRARY_PATH: `${folder}/al2023/lib`, FONTCONFIG_PATH: `${folder}/fonts` },
  };
}

async function unpack(cache: string, folder: string): Promise<void> {
  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "unpack-" });
  try {
    const command = ["run", "--quiet", "--allow-all", "--config", "tests/deno.json"];
    await run([Deno.execPath(), ...command, "tests/toolchain/unpack_chromium.ts"], {
      cwd: REPOSITORY,
      // With the libraries for where the package is made for: a bare machine lacks the same ones.
      env: { TMPDIR: scratch, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x" },
    });
    // What comes with it looks for the fonts where the package is made for; without any it ends.
    await Deno.writeTextFile(
      `${scratch}/fonts/fonts.conf`,
      `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
        <dir>${folder}/fonts</dir><cachedir>${folder}/fonts-cache</cachedir></fontconfig>`,
    );
    await Deno.rename(scratch, folder);
  } catch (error) {
    await Deno.remove(scratch, { recursive: true });
    // Another one was quicker.
    if (!await exists(folder)) throw error;
  }
}
