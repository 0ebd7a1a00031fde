/**
 * Where the executor's code is.
 *
 * @module
 */

/**
 * The module that a `Worker` for an executor starts with. From source it lies beside this one. In a
 * bundle, and so in the executable, this code is in a file at the top of the bundle, whatever its name,
 * and the executor keeps the path that it has from there.
 */
export function executorUrl(): URL {
  const path = import.meta.url.endsWith(".ts") ? "./executor.ts" : "./src/worker/executor.js";
  return new URL(path, import.meta.url);
}
