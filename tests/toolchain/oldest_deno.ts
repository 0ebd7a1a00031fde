/**
 * The oldest Deno that queuectl supports, and a runtime of it for executables.
 *
 * @module
 */

import { npmBinary } from "./npm_binary.ts";

/** The oldest Deno that must work. */
export const OLDEST_DENO = "2.4.2";

/** The package that holds Deno itself, by `Deno.build.target`. */
const PACKAGES: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "@deno/linux-x64-glibc",
  "aarch64-unknown-linux-gnu": "@deno/linux-arm64-glibc",
  "x86_64-apple-darwin": "@deno/darwin-x64",
  "aarch64-apple-darwin": "@deno/darwin-arm64",
};

/**
 * The path of a {@link OLDEST_DENO} executable.
 *
 * @throws if there is none for this machine, or it cannot be fetched
 */
export async function oldestDeno(): Promise<string> {
  const name = PACKAGES[Deno.build.target];
  if (name === undefined) {
    throw new Error(`No package has a Deno for ${Deno.build.target}`);
  }
  return await npmBinary({
    name,
    version: OLDEST_DENO,
    file: "deno",
    as: `deno-${OLDEST_DENO}-${Deno.build.target}`,
  });
}

/**
 * The path of the unmodified runtime that `deno compile` of {@link OLDEST_DENO} puts programs into:
 * what Deno would download, had it its download host. The package is another project's executable,
 * made by that very `deno compile`; the runtime is its beginning, up to the end of the section header
 * table, and the program is what follows.
 *
 * @throws if there is none for this machine, or it cannot be fetched
 */
export async function oldestRuntime(): Promise<string> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") {
    throw new Error(`No package has a runtime for ${Deno.build.target}`);
  }
  return await npmBinary({
    name: "@vltpkg/cli-linux-x64",
    version: "0.0.0-18",
    file: "vlt",
    as: `denort-${OLDEST_DENO}-${Deno.build.target}`,
    beginning: {
      bytes: 85_186_368,
      sha256: "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82",
    },
  });
}
