/**
 * Steps of the schema that no release has: the programs of the future, for tests of how a store is updated.
 *
 * @module
 */

/** Two steps that follow the released ones. */
export const NEXT: readonly string[] = [
  "ALTER TABLE job ADD COLUMN color TEXT NOT NULL DEFAULT 'red'; UPDATE job SET priority = priority",
  "CREATE TABLE extra (job INTEGER NOT NULL PRIMARY KEY) STRICT; INSERT INTO extra SELECT seq FROM job",
];

/** A step that fails at its end. */
export const BROKEN =
  "CREATE TABLE half (x INT) STRICT; UPDATE job SET priority = 1; DROP TABLE input; " +
  "CREATE TABLE half (y INT) STRICT";

/** A step that writes 200 MB, unless somebody ends it. */
export const SLOW = "UPDATE job SET priority = 1; CREATE TABLE big (text TEXT) STRICT; " +
  "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200000) " +
  "INSERT INTO big SELECT hex(randomblob(500)) FROM n";
