/**
 * The statements of `../sql/` in PostgreSQL's own words. They are written once, in what SQLite understands; what PostgreSQL
 * says otherwise is all here.
 *
 * @module
 */

/** What is written otherwise, and how. */
type Rule = readonly [pattern: RegExp, instead: string | ((...found: string[]) => string)];

/** Each text is rewritten once. */
const known = new Map<string, string>();

const RULES: readonly Rule[] = [
  // PostgreSQL chooses its indexes by itself.
  [/ (?:INDEXED BY \w+|NOT INDEXED)\b/g, ""],
  [/(?<=[\s(])\+(?=[a-z])/g, ""],
  // What is joined in this order, row by row: else a plan may walk the other way, see by_place.ts.
  [
    /\bCROSS JOIN (\w+)(?: AS (\w+))?\s+ON \(((?:[^()]|\([^()]*\))*)\)/g,
    (_, table, name = table, condition) =>
      `CROSS JOIN LATERAL (SELECT * FROM ${table} AS ${name} WHERE ${condition} OFFSET 0) AS ${name}`,
  ],
  [
    /\bEXISTS\s+\(SELECT 1\s+(FROM (?:job|dependency)\b[^()?]*)\)/g,
    "((SELECT true $1 LIMIT 1) IS NOT NULL)",
  ],
  // An array is looked up.
  [
    / IN \((SELECT (?:value|CAST\(value AS INTEGER\)) FROM json_each\(\?\))\)/g,
    " = ANY (ARRAY($1))",
  ],
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
    text = RULES.reduce((sql, [pattern, instead]) => sql.replace(pattern, instead as string), sql)
      .replace(/\?/g, () => `$${++parameters}`);
    known.set(sql, text);
  }
  return text;
}

/** A list as the text of an array: `{"a","b"}`. */
export function arrayText(values: readonly (string | number | null)[]): string {
  // It is that of JSON but for what is escaped, and that one is made without a step for each value.
  const text = JSON.stringify(values);
  if (!text.includes("\\")) return `{${text.slice(1, -1)}}`;
  const items = values.map((value) =>
    typeof value === "string" ? `"${value.replace(/["\\]/g, "\\$&")}"` : String(value)
  );
  return `{${items.join(",")}}`;
}
