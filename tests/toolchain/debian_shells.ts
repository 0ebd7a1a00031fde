/**
 * Shells that few machines have, from Debian's packages.
 *
 * @module
 */

import { debianPackages } from "./debian_packages.ts";

/** The shells, bash-completion, and those of their libraries that a small system may lack. */
const PACKAGES: readonly string[] = [
  "zsh",
  "zsh-common",
  "fish",
  "fish-common",
  "bash-completion",
  "libpcre2-32-0",
  "libcap2",
  "libtinfo6",
];

/** Where the shells are. */
export interface DebianShells {
  readonly zsh: string;
  readonly fish: string;
  /** The script that an interactive bash reads to have bash-completion. */
  readonly bashCompletion: string;
  /** What a `.zshrc` must begin with, so that zsh finds its modules and functions. */
  readonly zshrc: string;
  /** What the environment of the shells needs. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The shells.
 *
 * @throws if they cannot be had, such as on a system without apt
 */
export async function debianShells(): Promise<DebianShells> {
  const root = await debianPackages("shells", PACKAGES);
  // Fish takes its own place for the installed one if both of its folders are there.
  await Deno.mkdir(`${root}/usr/etc/fish`, { recursive: true });
  const [modules] = await foldersIn(`${root}/usr/lib`, /\/zsh\/[\d.]+$/);
  const libraries = await foldersIn(root, /\/lib\/[a-z0-9_]+-linux-gnu$/);
  return {
    zsh: `${root}/bin/zsh`,
    fish: `${root}/usr/bin/fish`,
    bashCompletion: `${root}/usr/share/bash-completion/bash_completion`,
    zshrc: `module_path=('${modules}'); fpath=('${root}'/usr/share/zsh/functions/**/*(/N))\n`,
    env: { LD_LIBRARY_PATH: libraries.join(":") },
  };
}

/** The folders below one, at most three levels deep, whose path matches. */
async function foldersIn(folder: string, pattern: RegExp, depth = 3): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (!isDirectory) continue;
    if (pattern.test(path)) paths.push(path);
    if (depth > 1) paths.push(...await foldersIn(path, pattern, depth - 1));
  }
  return paths;
}
