/**
 * Turns the source into plain JavaScript without a configuration or a package to resolve.
 *
 * @module
 */

import { run } from "./command.ts";
import { REPOSITORY } from "./folders.ts";

/** A program in one folder, ready for `deno run` or `deno compile`. */
export interface Program {
  /** The folder that holds it and nothing else. */
  readonly folder: string;
  /** The entry, inside the folder. */
  readonly main: string;
  /** Modules inside the folder that no import names: the entries of Web Workers. */
  readonly include: readonly string[];
}

/**
 * Bundles queuectl into a folder, which must not hold an older bundle. Code is split: what the source
 * imports lazily stays a file of its own, which is read when it is needed. The executor is found
 * through `executorUrl()`.
 */
export async function bundle(folder: string): Promise<Program> {
  const entries = ["main.ts", "src/worker/executor.ts"];
  const options = [
    "--quiet",
    "--frozen",
    "--code-splitting",
    "--outdir",
    folder,
  ];
  await run([Deno.execPath(), "bundle", ...options, ...entries], {
    cwd: REPOSITORY,
  });
  const [main = "", ...include] = entries.map((entry) => entry.replace(/\.ts$/, ".js"));
  return { folder, main, include };
}

/** A program that does nothing, to compare with. */
export async function emptyProgram(folder: string): Promise<Program> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/main.js`, "");
  return { folder, main: "main.js", include: [] };
}
