/**
 * Where the files of a store are that has no file itself: what jobs write while they run, and the logs of
 * workers in the background.
 *
 * @module
 */

import { findDataDirectory } from "../../data_directory.ts";

/** What tells one store from another. */
export interface StoreName {
  /** A name, an address, or the directory of a socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly schema: string;
}

/** So much of a name is for people; what follows tells stores apart. */
const SHOWN = 40;

/**
 * The directory for a store's files, of this user and on this machine; nothing is made. A user without any
 * directory of his own has it in `/tmp`, where the worker that makes it sees to it that it is his.
 *
 * @param env the environment; that of this process if absent
 */
export function storeDirectory(
  { host, port, database, schema }: StoreName,
  env: (name: string) => string | undefined = ownEnv,
): string {
  const data = findDataDirectory(env) ?? `/tmp/queuectl-${Deno.uid() ?? "files"}`;
  const shown = `${database}-${schema}`.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, SHOWN);
  const rest = hash(JSON.stringify([host, port, database, schema]));
  return `${data}/queuectl/postgres/${shown}-${rest}.d`;
}

/** What is not even text is as if it were not set. */
function ownEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}

/** FNV-1a with 64 bits (RFC 9923): it is to be made at once, and nobody gains by two names that are alike. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, "0");
}
