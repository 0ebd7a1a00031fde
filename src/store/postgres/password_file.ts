/**
 * The password file of libpq, `~/.pgpass`: a line `host:port:database:user:password` for each.
 *
 * @module
 */

/** Whose password is looked for. */
export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** A password, if there is one, and why the file was left alone. */
export interface FoundPassword {
  readonly password: string | null;
  /** The file that it is in; null if there is none. */
  readonly file: string | null;
  /** The end of a sentence; null if the file was read, or there is none. */
  readonly problem: string | null;
}

/**
 * Looks a password up.
 *
 * @param where the file, if one is named; else it is in the user's home directory, if there is one
 */
export function findPassword(
  login: Login,
  { file, home }: { readonly file: string | null; readonly home: string | null },
): FoundPassword {
  const path = file ?? (home === null ? null : `${home.replace(/\/+$/, "")}/.pgpass`);
  if (path === null) return nothing(null);
  try {
    const { mode, isFile } = Deno.statSync(path);
    if (!isFile) return nothing(`the password file ${path} is no file`);
    if (mode !== null && (mode & 0o077) !== 0) {
      return nothing(
        `the password file ${path} may be read by others, so it was left alone: chmod 600`,
      );
    }
    const password = passwordIn(Deno.readTextFileSync(path), login);
    return { password, file: password === null ? null : path, problem: null };
  } catch (error) {
    const isMissing = error instanceof Deno.errors.NotFound && file === null;
    return nothing(isMissing ? null : `the password file ${path} cannot be read`);
  }
}

function nothing(problem: string | null): FoundPassword {
  return { password: null, file: null, problem };
}

/** The password of the first line that fits; null if none does. A `\` stands before a `:` or `\` that is meant. */
export function passwordIn(text: string, { host, port, database, user }: Login): string | null {
  // A socket in its usual directory is "localhost" there.
  const hosts = /^\/(?:var\/)?run\/postgresql$|^\/tmp$/.test(host) ? [host, "localhost"] : [host];
  const wanted = [hosts, [String(port)], [database], [user]];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = (line.match(/(?:^|:)(?:\\.|[^:\\])*/g) ?? []).map((field, index) =>
      (index === 0 ? field : field.slice(1)).replace(/\\(.)/g, "$1")
    );
    const fits = wanted.every((values, index) =>
      fields[index] === "*" || values.includes(fields[index] ?? "")
    );
    if (fits && fields[4] !== undefined) return fields[4];
  }
  return null;
}
