/**
 * Turns the source into plain JavaScript without a configuration or a package to resolve.
 *
 * @module
 */

import { PAGE_FILES, PAGE_SCRIPT } from "../../src/web/assets.ts";
import { bundlePage } from "../../src/web/page_bundle.ts";
import { run } from "./command.ts";
import { filesIn, REPOSITORY } from "./folders.ts";

/** A program in one folder, ready for `deno run` or `deno compile`. */
export interface Program {
  /** The folder that holds it and nothing else. */
  readonly folder: string;
  /** The entry, inside the folder. */
  readonly main: string;
  /** What no import names: entries of Web Workers, what loads later, the files of the page. */
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
  return { folder, main, include: [...include, ...await addPage(folder)] };
}

/** Adds the dashboard's page where `src/web/assets.ts` looks for it; the paths from the folder. */
async function addPage(folder: string): Promise<string[]> {
  const place = "src/web/page";
  await Deno.mkdir(`${folder}/${place}`, { recursive: true });
  for (const name of PAGE_FILES) {
    await Deno.copyFile(`${REPOSITORY}${place}/${name}`, `${folder}/${place}/${name}`);
  }
  await Deno.writeFile(`${folder}/${place}/${PAGE_SCRIPT}`, await bundlePage());
  return [...PAGE_FILES, PAGE_SCRIPT].map((name) => `${place}/${name}`);
}

/** A call that names what it loads; commands are named by their table, and all of them are bundled. */
const LATER = /importLater<\s*typeof import\("[^"]+"\)\s*>\(\s*"([^"]+)"/g;

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
