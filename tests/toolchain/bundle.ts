/**
 * Turns the source into plain JavaScript without a configuration or a package to resolve.
 *
 * @module
 */

import { run } from "./command.ts";
import { filesIn, REPOSITORY } from "./folders.ts";

/** A program in one folder, ready for `deno run` or `deno compile`. */
export interface Program {
  /** The folder that holds it and nothing else. */
  readonly folder: string;
  /** The entry, inside the folder. */
  readonly main: string;
  /** Modules inside the folder that no import names: entries of Web Workers, and what loads later. */
  readonly include: readonly string[];
}

/**
 * Bundles queuectl into a folder, which must not hold an older bundle. Code is split: what the source
 * imports lazily stays a file of its own, which is read when it is needed. The executor is found
 * through `executorUrl()`, commands by `importLater()`.
 */
export async function bundle(folder: string): Promise<Program> {
  const entries = ["main.ts", "src/worker/executor.ts", ...await laterModules()];
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

/** A call that names what it loads; commands are named by their table, and all of them are bundled. */
const LATER = /importLater<typeof import\("[^"]+"\)>\(\s*"([^"]+)"/g;

/** The modules that `importLater()` of `src/lazy.ts` loads: no import names them. */
async function laterModules(): Promise<string[]> {
  const files = await filesIn("src");
  const modules = files.filter((path) => path.startsWith("src/cli/commands/"));
  for (const path of files) {
    const text = await Deno.readTextFile(REPOSITORY + path);
    for (const [, name] of text.matchAll(LATER)) {
      modules.push(`src/${name}.ts`);
    }
  }
  return modules;
}

/** A program that does nothing, to compare with. */
export async function emptyProgram(folder: string): Promise<Program> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(`${folder}/main.js`, "");
  return { folder, main: "main.js", include: [] };
}
