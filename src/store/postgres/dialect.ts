/**
 * The statements of `../sql/` in PostgreSQL's own words. They are written once, in what SQLite understands; what PostgreSQL
 * says otherwise is all here.
 *
 * @module
 */

/** Each text is rewritten once. */
const known = new Map<string, string>();

const RULES: readonly (readonly [RegExp, string])[] = [
  // PostgreSQL chooses its indexes by itself.
  [/ (?:INDEXED BY \w+|NOT INDEXED)\b/g, ""],
  [/(?<=[\s(])\+(?=[a-z])/g, ""],
  [
    /\bjson_each\(([^()]+)\)/g,
    'LATERAL (SELECT each COLLATE "C" AS value FROM jsonb_array_elements_text(($1)::text::jsonb) AS each) AS json_each',
  ],
  // Of ASCII letters alone, as in SQLite: the columns and values have the C collation.
  [/ LIKE /g, " ILIKE "],
  [/ AS INTEGER\)/g, " AS BIGINT)"],
  // Bytes, in a column that is TEXT in SQLite.
  [/ AS [BC]LOB\)/g, " AS BYTEA)"],
];

/** A statement of `../sql/` as PostgreSQL takes it: `$1` is its first parameter. */
export function inDialect(sql: string): string {
  let text = known.get(sql);
  if (text === undefined) {
    let parameters = 0;
    text = RULES.reduce((sql, [pattern, instead]) => sql.replace(pattern, instead), sql)
      .replace(/\?/g, () => `$${++parameters}`);
    known.set(sql, text);
  }
  return text;
}

/** A list as the text of an array: `{"a","b"}`. */
export function arrayText(values: readonly (string | number | null)[]): string {
  const items = values.map((value) =>
    value === null
      ? "NULL"
      : typeof value === "number"
      ? String(value)
      : `"${value.replace(/["\\]/g, "\\$&")}"`
  );
  return `{${items.join(",")}}`;
}
