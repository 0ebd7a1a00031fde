/**
 * The commands that mend a store in PostgreSQL. queuectl itself never changes what it does not understand, so they
 * are for `psql`, the server's own client.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";

/**
 * Runs statements in the store's schema, one after the other, each in a transaction of its own; several in one text
 * are one transaction.
 *
 * @param location the URL without anything secret: whoever has no password file is asked
 */
export function psqlCommand(
  location: string,
  schema: string,
  ...statements: readonly string[]
): string {
  const all = [`SET search_path TO ${quoteName(schema)}`, ...statements];
  const words = all.flatMap((sql) => ["-c", sql.replace(/\s+/g, " ").trim()]);
  return quoteWords(["psql", ownOptions(location), "-v", "ON_ERROR_STOP=1", ...words]);
}

/** A name within SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Without the option that only queuectl knows. */
function ownOptions(location: string): string {
  const [place = "", query = ""] = location.split("?", 2);
  const rest = query.split("&").filter((option) => option !== "" && !option.startsWith("schema="));
  return rest.length === 0 ? place : `${place}?${rest.join("&")}`;
}
