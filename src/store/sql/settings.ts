/**
 * The config values that were set.
 *
 * @module
 */

import { all, run, type Work } from "./work.ts";

/** See `Store.settings`. */
export function* selectSettings(): Work<ReadonlyMap<string, string>> {
  const rows = yield* all("SELECT key, value FROM setting ORDER BY key");
  return new Map(rows.map((row) => [row.key as string, row.value as string]));
}

/** See `Store.configure`. */
export function* storeSetting(key: string, value: string | null): Work<boolean> {
  const changed = value === null
    ? yield* run("DELETE FROM setting WHERE key = ?", key)
    : yield* run(
      `INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key)
      DO UPDATE SET value = excluded.value WHERE setting.value <> excluded.value`,
      key,
      value,
    );
  return changed > 0;
}
