/**
 * The URL of a store in PostgreSQL, and what the environment adds to it, as libpq has it.
 *
 * @module
 */

import { didYouMean } from "../../nearest.ts";
import { quote } from "../../quote.ts";
import { findPassword } from "./password_file.ts";
import { type Option, optionsOf, problem, urlOf } from "./url.ts";

export { shownAddress } from "./url.ts";

/** How a connection is encrypted, see libpq's documentation, section 32.19. */
export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

const SSL_MODES: readonly SslMode[] = [
  ...["disable", "allow", "prefer"] as const,
  ...["require", "verify-ca", "verify-full"] as const,
];

/** What is encrypted with what; paths are absolute. */
export interface Encryption {
  readonly mode: SslMode;
  /** Certificates of who may sign that of the server; null: those of the system. */
  readonly rootCertificate: string | null;
  /** The client's own certificate and its key, both or neither. */
  readonly certificate: string | null;
  readonly key: string | null;
}

/** Where a store is, and how to get in. */
export interface Address {
  /**
   * A URL that means the same wherever it is read: what came from the environment is in it. A password that is in a
   * file stays there.
   */
  readonly url: string;
  /** The URL for people, without anything secret. */
  readonly location: string;
  /** A name, an IP address, or the absolute directory of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Null: none is known. */
  readonly password: string | null;
  /** Why the password file was left alone, as the end of a sentence; null if it was not. */
  readonly passwordProblem: string | null;
  readonly schema: string;
  readonly encryption: Encryption;
  /** What the server calls this program. */
  readonly applicationName: string;
  /** Milliseconds; null: as long as for any answer. */
  readonly connectTimeout: number | null;
}

/** The environment variable that stands for an option that the URL has not. */
const VARIABLES: { readonly [option in Option]?: string } = {
  host: "PGHOST",
  port: "PGPORT",
  user: "PGUSER",
  password: "PGPASSWORD",
  dbname: "PGDATABASE",
  passfile: "PGPASSFILE",
  application_name: "PGAPPNAME",
  connect_timeout: "PGCONNECT_TIMEOUT",
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
};

const DEFAULT_SCHEMA = "queuectl";

/** It goes into names of channels too, and those have at most 63 bytes. */
const SCHEMA = /^[A-Za-z_][A-Za-z0-9_-]{0,47}$/;

/** Looks up an environment variable. */
type Env = (name: string) => string | undefined;

/**
 * Reads a URL.
 *
 * @param env the environment; that of this process if absent
 * @throws {StoreError} if it cannot be understood; the message has nothing secret in it
 */
export function parseAddress(url: string, env: Env = ownEnv): Address {
  const given = optionsOf(url);
  const option = (name: Option): string | null => {
    const value = given.get(name);
    if (value !== undefined && value !== "") return value;
    const variable = VARIABLES[name];
    return (variable !== undefined && env(variable)) || null;
  };
  const host = option("host") ?? "localhost";
  const port = wholeNumber("port", option("port") ?? "5432", 65_535);
  const user = option("user") ?? ["USER", "LOGNAME", "USERNAME"].map(env).find(Boolean) ?? null;
  if (user === null) throw problem("names no user, as in postgres://USER@HOST/DATABASE");
  const database = option("dbname") ?? user;
  const where = { host, port, database, user };
  const ownPassword = option("password");
  const found = ownPassword === null
    ? findPassword(where, { file: option("passfile"), home: env("HOME") ?? null })
    : { password: ownPassword, file: null, problem: null };
  const timeout = option("connect_timeout");
  const address = {
    ...where,
    password: found.password,
    passwordProblem: found.problem,
    schema: schemaFrom(option("schema") ?? DEFAULT_SCHEMA),
    encryption: encryptionFrom(option),
    applicationName: option("application_name") ?? "queuectl",
    connectTimeout: timeout === null ? null : connectTimeoutFrom(timeout),
  };
  const { schema, encryption } = address;
  const rest: readonly (readonly [Option, string | null])[] = [
    ["schema", schema === DEFAULT_SCHEMA ? null : schema],
    ["sslmode", encryption.mode],
    ["sslrootcert", encryption.rootCertificate],
    ["sslcert", encryption.certificate],
    ["sslkey", encryption.key],
    ["passfile", found.file],
    ["application_name", option("application_name")],
    ["connect_timeout", timeout],
  ];
  return {
    ...address,
    url: urlOf(where, ownPassword, rest),
    location: urlOf(where, null, rest.slice(0, 1)),
  };
}

function schemaFrom(schema: string): string {
  if (SCHEMA.test(schema) && !/^pg_|^information_schema$/i.test(schema)) return schema;
  throw problem(
    `names a schema ${
      quote(schema)
    }: take at most 48 letters, digits, _ and -, not a digit first, and not pg_`,
  );
}

function encryptionFrom(option: (name: Option) => string | null): Encryption {
  const mode = (option("sslmode") ?? "prefer") as SslMode;
  if (!SSL_MODES.includes(mode)) {
    throw problem(
      `has an unknown sslmode ${quote(mode)}${didYouMean(mode, SSL_MODES)}: it is one of ${
        SSL_MODES.join(", ")
      }`,
    );
  }
  const [certificate, key] = [pathFrom("sslcert", option), pathFrom("sslkey", option)];
  if ((certificate === null) !== (key === null)) {
    throw problem("needs both sslcert and sslkey, or neither");
  }
  return { mode, rootCertificate: pathFrom("sslrootcert", option), certificate, key };
}

/** Jobs and workers in the background are in other directories. */
function pathFrom(name: Option, option: (name: Option) => string | null): string | null {
  const path = option(name);
  // With libpq it stands for those of the system, which is what we take without it.
  if (path === null || path === "system") return null;
  if (!/^(?:\/|[a-z]:[\\/])/i.test(path)) {
    throw problem(`has a relative path as ${name}: make it absolute`);
  }
  return path;
}

/** As libpq: seconds, at least 2, and 0 is as if it were not there. */
function connectTimeoutFrom(text: string): number | null {
  const seconds = wholeNumber("connect_timeout", text, 86_400, 0);
  return seconds === 0 ? null : Math.max(2, seconds) * 1000;
}

function wholeNumber(name: Option, text: string, most: number, least = 1): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw problem(`has a wrong ${name}: it is a whole number from ${least} to ${most}`);
}

/** What is not even text is as if it were not set. */
function ownEnv(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch {
    return undefined;
  }
}
