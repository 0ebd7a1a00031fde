/**
 * Modules that are not even looked at before they are needed.
 *
 * Deno reads and analyses whatever an `import("…")` names before the program begins: a fifth of the time
 * of an `enqueue`. What it cannot see it leaves alone. The bundle finds the paths by the calls, see
 * `tests/toolchain/bundle.ts`.
 *
 * @module
 */

const imported = new Map<string, Promise<unknown>>();

/**
 * Imports a module of `src/`; again costs nothing.
 *
 * @param path without its ending, such as `cli/commands/enqueue`
 */
export function importLater<Module>(path: string): Promise<Module> {
  let module = imported.get(path);
  if (module === undefined) {
    module = import(moduleUrl(path).href);
    imported.set(path, module);
  }
  return module as Promise<Module>;
}

/**
 * Where a module of `src/` is. From source it lies beside this one. In a bundle, and so in the
 * executable, this code, which the entry needs, is in a file at the top, and the module keeps the path
 * that it has from there.
 */
export function moduleUrl(path: string): URL {
  const file = import.meta.url.endsWith(".ts") ? `./${path}.ts` : `./src/${path}.js`;
  return new URL(file, import.meta.url);
}
