/**
 * Disks that are full or may not be written. They are mounts, which only root may make: tests that need
 * them count as ignored for anybody else.
 *
 * @module
 */

/** Whether this process may mount file systems. */
export const canMount: boolean = await tryToMount();

/** Mounts an empty file system of a size such as `1m`, kept in memory, until it is disposed of. */
export async function tmpfs(directory: string, size: string): Promise<AsyncDisposable> {
  await run("mount", "-t", "tmpfs", "-o", `size=${size},mode=700`, "tmpfs", directory);
  return mounted(directory);
}

/** Makes a file or a directory read-only, for root as well, until it is disposed of. */
export async function writeProtect(path: string): Promise<AsyncDisposable> {
  await run("mount", "--bind", path, path);
  await run("mount", "-o", "remount,ro,bind", path);
  return mounted(path);
}

/** Writes until the disk of a directory is full; returns what frees it again. */
export function fillDisk(directory: string): Disposable {
  const path = `${directory}/ballast`;
  {
    using file = Deno.openSync(path, { create: true, write: true });
    for (const size of [65_536, 4096, 512]) {
      const block = new Uint8Array(size);
      while (wasWritten(file, block));
    }
  }
  return {
    [Symbol.dispose]() {
      Deno.removeSync(path);
    },
  };
}

function wasWritten(file: Deno.FsFile, block: Uint8Array): boolean {
  try {
    return file.writeSync(block) > 0;
  } catch {
    return false;
  }
}

/** What was mounted at a path is there until it is disposed of. */
function mounted(path: string): AsyncDisposable {
  // Lazily: after a test that has failed, processes may use it still.
  return { [Symbol.asyncDispose]: () => run("umount", "-l", path) };
}

async function tryToMount(): Promise<boolean> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  const directory = await Deno.makeTempDir();
  try {
    await using _mount = await tmpfs(directory, "64k");
    return true;
  } catch {
    return false;
  } finally {
    await Deno.remove(directory);
  }
}

async function run(program: string, ...args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, {
    args: [...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr).trim()}`);
}
