/**
 * The text of a URL, as libpq reads it (section 32.1.1.2 of PostgreSQL's documentation).
 *
 * @module
 */

import { StoreError } from "../../errors.ts";
import { didYouMean } from "../../nearest.ts";
import { quote } from "../../quote.ts";
import type { Login } from "./password_file.ts";

/** The names of a URL's options, as libpq has them; `schema` is ours. */
export const OPTIONS = [
  ...["schema", "host", "port", "user", "password", "dbname", "passfile", "application_name"],
  ...["connect_timeout", "sslmode", "sslrootcert", "sslcert", "sslkey"],
] as const;

/** One of the {@link OPTIONS}. */
export type Option = typeof OPTIONS[number];

/**
 * Options of libpq that stand in URLs that services hand out, with the values that change nothing here: whoever may
 * write is on the primary server, and nothing is bound to a channel.
 */
const WITHOUT_EFFECT: Readonly<Record<string, readonly string[]>> = {
  channel_binding: ["disable", "prefer"],
  gssencmode: ["disable", "prefer"],
  target_session_attrs: ["any", "read-write", "primary"],
};

/** Those that tell one store from another. Others are long, or nobody is to see them. */
const SHOWN: readonly string[] = ["schema", "host", "port", "user", "dbname"];

/** Puts a URL together; what is null is left out. */
export function urlOf(
  { host, port, database, user }: Login,
  password: string | null,
  options: readonly (readonly [Option, string | null])[],
): string {
  const isSocket = host.startsWith("/");
  const place = isSocket ? "" : `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const whole = isSocket
    ? [["host", host] as const, ["port", String(port)] as const, ...options]
    : options;
  const query = whole.flatMap(([name, value]) =>
    value === null ? [] : [`${name}=${encodeURIComponent(value).replaceAll("%2F", "/")}`]
  );
  return `postgres://${encodeURIComponent(user)}` +
    (password === null ? "" : `:${encodeURIComponent(password)}`) +
    `@${place}/${encodeURIComponent(database)}` +
    (query.length === 0 ? "" : `?${query.join("&")}`);
}

/**
 * A URL as it may be shown to anybody. Of one that cannot be understood only the beginning is left: nobody knows
 * which part of it is the password.
 */
export function shownAddress(url: string): string {
  let parts: Parts;
  try {
    parts = split(url);
    optionsOf(url);
  } catch {
    return "postgres://…";
  }
  const { user, place, path, query } = parts;
  const shown = query.filter(({ name }) => SHOWN.includes(name));
  return "postgres://" + (user === null ? "" : `${user}@`) + place +
    (path === "" ? "" : `/${path}`) +
    (shown.length === 0 ? "" : `?${shown.map(({ text }) => text).join("&")}`);
}

/** A URL taken to pieces, all of them still percent-encoded. */
interface Parts {
  readonly user: string | null;
  readonly password: string | null;
  /** The host with its port. */
  readonly place: string;
  readonly path: string;
  readonly query: readonly {
    readonly name: string;
    readonly value: string;
    readonly text: string;
  }[];
}

/** Not by `URL`: passwords with `#` or `@` in them are common, and what it throws shows the whole. */
function split(url: string): Parts {
  const rest = /^postgres(?:ql)?:\/\/(.*)$/is.exec(url)?.[1];
  if (rest === undefined) throw problem("does not begin with postgres://");
  const [, authority = "", path = "", query = ""] = /^([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(
    rest,
  )!;
  if (/[@#]/.test(path)) {
    throw problem(
      "has a password with a / in it, or a database with an @: write %2F for /, %40 for @",
    );
  }
  const at = authority.lastIndexOf("@");
  if (at === -1 && query.includes("@")) {
    throw problem(
      "has a password with a ? in it, or an option with an @: write %3F for ?, %40 for @",
    );
  }
  const [, user = "", password] = /^([^:]*)(?::(.*))?$/s.exec(authority.slice(0, Math.max(0, at)))!;
  return {
    user: user === "" ? null : user,
    password: password === undefined || password === "" ? null : password,
    place: authority.slice(at + 1),
    path,
    query: query.split("&").filter(Boolean).map((text) => {
      const [, name = "", value = ""] = /^([^=]*)=?(.*)$/s.exec(text)!;
      return { name: decode(name), value, text };
    }),
  };
}

/** What the URL itself says; the query comes after what stands before it. */
export function optionsOf(url: string): ReadonlyMap<Option, string> {
  const { user, password, place, path, query } = split(url);
  const options = new Map<Option, string>();
  const set = (name: Option, text: string | null | undefined) => {
    if (text) options.set(name, decode(text));
  };
  const hosts = [place, ...query.map(({ name, value }) => name === "host" ? value : "")];
  if (hosts.some((text) => decode(text).includes(","))) {
    throw problem("names several hosts: name one, such as that of a proxy before them");
  }
  const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(place) ?? [];
  if (host === undefined) throw problem("has a host that cannot be read: write it as HOST:PORT");
  // Without a host the password stands there.
  if (port !== undefined && !/^\d*$/.test(port)) {
    throw problem(
      "has a wrong port, or no host: write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE",
    );
  }
  set("user", user);
  set("password", password);
  set("host", host.replace(/^\[(.*)\]$/, "$1"));
  set("port", port);
  set("dbname", path);
  for (const { name, value } of query) {
    // It may be a piece of a password.
    if (!/^[a-z_-]{1,40}$/i.test(name)) {
      throw problem("has an option that cannot be read: see the README");
    }
    if (Object.hasOwn(WITHOUT_EFFECT, name)) {
      const values = WITHOUT_EFFECT[name]!;
      if (values.includes(decode(value))) continue;
      throw problem(`wants a ${name} that queuectl cannot give: leave it out, or say ${values[0]}`);
    }
    if (!OPTIONS.includes(name as Option)) {
      throw problem(`has an unknown option ${quote(name)}${didYouMean(name, OPTIONS)}`);
    }
    set(name as Option, value);
  }
  return options;
}

function decode(text: string): string {
  try {
    const decoded = decodeURIComponent(text);
    if (!decoded.includes("\0")) return decoded;
  } catch {
    // A % that stands for itself.
  }
  throw problem("has a % that does not stand for a character: write %25 for it");
}

/** Something is wrong with a URL; nothing secret may be said. */
export function problem(what: string): StoreError {
  return new StoreError(`The URL of the PostgreSQL store ${what}`);
}
