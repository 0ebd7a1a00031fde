/** What the doctor finds among the rows of a store, and mends. */

import assert from "node:assert/strict";
import {
  assertHealthy,
  assertMends,
  damage,
  examine,
  healthyQueue,
  type Symptom,
} from "./infirmary.ts";

const HOUR = 3_600_000;

const record = (finding: RegExp): Symptom => ({ name: "records", verdict: "warning", finding });
const wrongRecord = (finding: RegExp): Symptom => ({
  name: "records",
  verdict: "problem",
  finding,
});
const wait = (finding: RegExp): Symptom => ({ name: "parents", verdict: "problem", finding });

/** A job by its id, in SQL. */
const seq = (id: string) => `(SELECT seq FROM job WHERE id = '${id}')`;

/** Damage to rows, and what the doctor says of it. Each is mended as it says. */
const DAMAGES: readonly (readonly [what: string, harm: readonly string[], Symptom, ...string[]])[] =
  [
    [
      "attempts without a job",
      ["INSERT INTO attempt VALUES (999, 1, 'completed', 1, 2, 0, NULL, 'w1', 'h', 1, '1', 0, 0)"],
      record(/^Rows of the attempt log that belong to no job: 1 \(such as 999\)$/),
    ],
    [
      "output without an attempt",
      [`INSERT INTO output VALUES (${seq("done")}, 7, 0, 'stdout', 1, 0, x'00')`],
      record(/^Pieces of output that belong to no attempt: 1 /),
    ],
    [
      "input without a job",
      ["INSERT INTO input VALUES (999, 'x')"],
      record(/^Inputs that belong to no job: 1 /),
    ],
    [
      "a dependency without a job",
      ["INSERT INTO dependency VALUES ('done', 999, 'ok')"],
      wrongRecord(/^Dependencies that belong to no job: 1 /),
    ],
    [
      "an attempt without an end",
      [`UPDATE attempt SET outcome = NULL, finished_at = NULL WHERE job = ${seq("done")}`],
      record(/^Attempts without an end, though .*: 1 /),
    ],
    [
      "counters that do not count",
      [
        "UPDATE counter SET jobs = jobs + 5 WHERE state = 'dead'",
        "DELETE FROM counter WHERE jobs = 2",
      ],
      wrongRecord(/wrong \((?=.*dead: 6, not 1)(?=.*pending: 0, not 2)/),
    ],
    [
      "a queue's counters that do not count, with --full",
      [
        "INSERT INTO counter VALUES ('pending', 'other', 1)",
        "UPDATE counter SET jobs = jobs - 1 WHERE state = 'pending' AND queue = 'default'",
      ],
      wrongRecord(/pending in default: 1, not 2; pending in other: 1, not 0/),
      "--full",
    ],
    ["an index that is gone", ["DROP INDEX job_cancelled_by"], {
      name: "integrity",
      verdict: "problem",
      finding: /^The index job_cancelled_by is missing$/,
    }],
    [
      "a trigger that is another one",
      [
        "DROP TRIGGER job_moved",
        "CREATE TRIGGER job_moved AFTER UPDATE ON job BEGIN SELECT 1; END",
      ],
      {
        name: "integrity",
        verdict: "problem",
        finding: /^The trigger job_moved is not as it should be/,
      },
    ],
    [
      "an index that does not fit its table, with --full",
      [
        "PRAGMA writable_schema = ON; CREATE TABLE kept AS SELECT * FROM sqlite_schema " +
        "WHERE name = 'job_due'; DELETE FROM sqlite_schema WHERE name = 'job_due'; " +
        "PRAGMA writable_schema = RESET",
        "UPDATE job SET run_at = 5, state = 'held' WHERE id = 'parent'; " +
        "UPDATE job SET state = 'failed' WHERE id = 'parent'",
        "PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM kept; " +
        "PRAGMA writable_schema = RESET; DROP TABLE kept",
      ],
      { name: "integrity", verdict: "problem", finding: /missing from index job_due/, code: 5 },
      "--full",
    ],
    [
      "a parent that is gone",
      ["DELETE FROM job WHERE id = 'parent'"],
      wait(/^Jobs that wait for jobs that are not there: 1 \(such as child\)$/),
    ],
    [
      "a parent that has ended unnoticed",
      ["UPDATE job SET state = 'completed', finished_at = 1 WHERE id = 'parent'"],
      wait(/^Jobs that have ended, while .* never told: 1 \(such as parent\)$/),
    ],
    [
      "a block by nothing",
      ["DELETE FROM dependency"],
      wait(/^Jobs that are blocked by nothing: 1 \(.* child/),
    ],
    [
      "a circle",
      [
        `UPDATE job SET state = 'blocked', after = '[{"id":"child","on":"ok"}]' WHERE id = 'parent'`,
        `INSERT INTO dependency VALUES ('child', ${seq("parent")}, 'ok')`,
      ],
      wait(/in a circle: (child after parent after child|parent after child after parent)$/),
    ],
    ["a parent that is held", ["UPDATE job SET state = 'held' WHERE id = 'parent'"], {
      name: "parents",
      verdict: "warning",
      finding: /^Jobs for which others wait, .* release: 1 \(such as parent\)$/,
    }],
    [
      "lost input",
      ["DELETE FROM input"],
      wrongRecord(/^Jobs that have lost what they are to read .*: 1 \(such as fed\)$/),
    ],
    [
      "a rate that counts the future",
      ["INSERT INTO start VALUES ('mail', 1, 99999999999999)"],
      { name: "times", verdict: "problem", finding: /^The rates of mail count jobs/ },
    ],
    [
      "a setting that cannot be read",
      ["INSERT INTO setting VALUES ('lease', 'potato')"],
      { name: "settings", verdict: "problem", finding: /^The stored lease must be a duration/ },
    ],
  ];

for (const [what, harm, symptom, ...flags] of DAMAGES) {
  Deno.test(`doctor finds and mends ${what}`, async () => {
    await using queue = await healthyQueue();
    damage(queue.path, ...harm);
    await assertMends(queue, symptom, ...flags);
  });
}

Deno.test("doctor finds times ahead of the clock", async () => {
  await using queue = await healthyQueue();
  queue.now -= HOUR;
  const finding =
    /^The store says that something has \w+ at \S+Z, in 1h: the clock of this machine/;
  const symptom: Symptom = { name: "times", verdict: "warning", finding };
  const { findings, code } = await examine(queue);
  assert.equal(code, 0);
  assert.match(findings[0]!.finding, symptom.finding);
  queue.now += HOUR;
  await assertHealthy(queue);
});

Deno.test("doctor finds and mends a running job without a row in the attempt log", async () => {
  await using queue = await healthyQueue();
  const { jobId } = await queue.claim();
  damage(queue.path, `DELETE FROM attempt WHERE job = ${seq(jobId)}`);
  await assertMends(queue, wrongRecord(/^Jobs that run without a row in the attempt log.*: 1 /));
});
