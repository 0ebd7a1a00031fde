/**
 * A directory that a test owns.
 *
 * @module
 */

/** A directory that is there until it is disposed of. */
export interface TempDir extends AsyncDisposable {
  /** Its absolute path, without a symbolic link in it. */
  readonly path: string;
  /** The path of something in it. */
  join(...names: readonly string[]): string;
}

/**
 * Makes a directory; `await using` removes it with all that is in it.
 *
 * @param parent where; the system's place for temporary files if absent
 */
export async function tempDir(parent?: string): Promise<TempDir> {
  // A short name: the path of a socket may have 107 bytes.
  const path = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "qt-", ...parent === undefined ? {} : { dir: parent } }),
  );
  return {
    path,
    join: (...names) => [path, ...names].join("/"),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
