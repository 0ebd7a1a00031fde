/**
 * Whether the rows of a store fit together. Nothing but damage, or another program's hand, makes them
 * differ: each write is one transaction.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";
import { type Check, type ExamineOptions, type Finding, problem, warning } from "../examination.ts";
import type { Row, SqlValue } from "./database.ts";
import type { Patient } from "./examine.ts";
import { sqlCommand } from "./mends.ts";

/** So many ids stand in a command at the most. */
const MAX_IDS = 50;

/** What must not be there. */
interface Rule {
  /** Finds `rows`, how many, and `sample`, the text of one. */
  readonly sql: string;
  /** What they are, before a colon and their number: `Inputs of no job`. */
  readonly text: string;
  /** Whether jobs suffer from it; else it is only in the way. */
  readonly isSerious: boolean;
  /** What mends it. */
  mend(
    context: { readonly path: string; readonly options: ExamineOptions; readonly row: Row },
  ): string;
}

const removing = (sql: string): Rule["mend"] => ({ path }) =>
  `To remove them: ${sqlCommand(path, sql)}`;

const NO_JOB = (table: string) => `NOT EXISTS (SELECT 1 FROM job WHERE seq = ${table}.job)`;
const NO_ATTEMPT = `NOT EXISTS (SELECT 1 FROM attempt
  WHERE attempt.job = output.job AND attempt.attempt = output.attempt)`;
/** Attempts without an end that their jobs are not in. */
const FORGOTTEN = `finished_at IS NULL AND EXISTS (SELECT 1 FROM job WHERE seq = attempt.job
  AND NOT (state = 'processing' AND runs = attempt.attempt))`;
const UNLOGGED = `state = 'processing' AND NOT EXISTS (SELECT 1 FROM attempt
  WHERE attempt.job = job.seq AND attempt.attempt = job.runs)`;
const UNOWNED = `state = 'processing' AND NOT EXISTS (SELECT 1 FROM worker
  WHERE worker.id = job.worker_id)`;
/** No process has this pid: the kernel gives none above 4,194,304. */
const NO_PROCESS = "1073741824, '0'";

const RULES: readonly Rule[] = [
  {
    sql: `SELECT count(*) AS rows, min(job) AS sample FROM attempt WHERE ${NO_JOB("attempt")}`,
    text: "Rows of the attempt log that belong to no job",
    isSerious: false,
    mend: removing(`DELETE FROM attempt WHERE ${NO_JOB("attempt")}`),
  },
  {
    sql: `SELECT count(*) AS rows, min(job) AS sample FROM output WHERE ${NO_ATTEMPT}`,
    text: "Pieces of output that belong to no attempt",
    isSerious: false,
    mend: removing(`DELETE FROM output WHERE ${NO_ATTEMPT}`),
  },
  {
    sql: `SELECT count(*) AS rows, min(job) AS sample FROM input WHERE ${NO_JOB("input")}`,
    text: "Inputs that belong to no job",
    isSerious: false,
    mend: removing(`DELETE FROM input WHERE ${NO_JOB("input")}`),
  },
  {
    sql: `SELECT count(*) AS rows, min(job) AS sample FROM dependency WHERE ${
      NO_JOB("dependency")
    }`,
    text: "Dependencies that belong to no job",
    isSerious: true,
    mend: removing(`DELETE FROM dependency WHERE ${NO_JOB("dependency")}`),
  },
  {
    sql: `SELECT count(*) AS rows, min(job) AS sample FROM attempt WHERE ${FORGOTTEN}`,
    text: "Attempts without an end, though their jobs are not in them any more",
    isSerious: false,
    mend: ({ path }) =>
      `To end them: ${
        sqlCommand(
          path,
          `UPDATE attempt SET outcome = 'lost', finished_at = started_at,
          error = 'its end was not written down' WHERE ${FORGOTTEN}`,
        )
      }`,
  },
  {
    sql: `SELECT count(*) AS rows, min(id) AS sample FROM job WHERE ${UNLOGGED}`,
    text: "Jobs that run without a row in the attempt log, so that nobody can rescue them",
    isSerious: true,
    mend: ({ path }) =>
      `To put it there: ${
        sqlCommand(
          path,
          `INSERT INTO attempt (job, attempt, started_at, worker_id, host, launcher_pid,
          launcher_start) SELECT seq, runs, coalesce(started_at, updated_at), worker_id, 'unknown',
          ${NO_PROCESS} FROM job WHERE ${UNLOGGED}`,
        )
      }`,
  },
  {
    sql: `SELECT count(*) AS rows, min(id) AS sample FROM job WHERE ${UNOWNED}`,
    text: "Jobs that run in a worker that the store does not know, so that nobody rescues them",
    isSerious: true,
    // The next worker finds it dead, ends what is left of it, and takes over.
    mend: ({ path, options: { hostIdentity, command } }) =>
      `To have the next worker take them over: ${
        sqlCommand(
          path,
          `INSERT INTO worker (id, host, host_identity, pid, process_start, join_order, slots,
          started_at, heartbeat_at) SELECT DISTINCT worker_id, 'unknown', '${
            hostIdentity.replaceAll("'", "''")
          }', ${NO_PROCESS}, 0, 1, 0, 0 FROM job WHERE ${UNOWNED}`,
        )
      } && ${quoteWords([...command, "worker", "start", "--detach"])}`,
  },
  {
    sql: `SELECT count(*) AS rows, min(id) AS sample, json_group_array(id) AS ids FROM job
      WHERE has_stdin <> 0 AND state <> 'completed' AND state <> 'dead' AND state <> 'cancelled'
        AND state <> 'processing' AND NOT EXISTS (SELECT 1 FROM input WHERE job = seq)`,
    text: "Jobs that have lost what they are to read on their standard input",
    isSerious: true,
    mend: ({ options: { command }, row }) => {
      const ids = (JSON.parse(row.ids as string) as string[]).slice(0, MAX_IDS);
      return `To cancel them, and enqueue them anew: ${quoteWords([...command, "cancel", ...ids])}`;
    },
  },
];

/** Orphans, attempts and jobs that contradict each other, counters that do not count. */
export async function recordsCheck({ ask, path, options }: Patient): Promise<Check> {
  const findings: Finding[] = [];
  for (const rule of RULES) {
    const row = await ask((db) => db.get(rule.sql)!);
    if (row.rows === 0) continue;
    const text = `${rule.text}: ${row.rows} (such as ${row.sample})`;
    const mend = rule.mend({ path, options, row });
    findings.push(rule.isSerious ? problem(text, mend) : warning(text, mend));
  }
  const counters = await counterFindings({ ask, path, options });
  const jobs = await ask((db) =>
    db.get("SELECT coalesce(sum(jobs), 0) AS jobs FROM counter")!.jobs
  );
  return {
    name: "records",
    text: `All fits together: jobs (${jobs}), their attempts, inputs and outputs`,
    findings: [...findings, ...counters],
  };
}

/** By state they are counted in an index, 75 ms for a million; by queue too, all rows are read: 1 s. */
async function counterFindings({ ask, path, options: { full } }: Patient): Promise<Finding[]> {
  const by = full ? "state, queue" : "state";
  const wrong = await ask((db) => {
    const counted = counts(db.all(`SELECT ${by}, count(*) AS jobs FROM job GROUP BY ${by}`));
    const kept = counts(db.all(`SELECT ${by}, sum(jobs) AS jobs FROM counter GROUP BY ${by}`));
    return [...new Set([...counted.keys(), ...kept.keys()])]
      .filter((key) => (counted.get(key) ?? 0) !== (kept.get(key) ?? 0))
      .map((key) => `${key}: ${kept.get(key) ?? 0}, not ${counted.get(key) ?? 0}`);
  });
  if (wrong.length === 0) return [];
  const mend = sqlCommand(
    path,
    `UPDATE counter SET jobs = 0; INSERT INTO counter (state, queue, jobs)
    SELECT state, queue, count(*) FROM job WHERE true GROUP BY state, queue
    ON CONFLICT DO UPDATE SET jobs = excluded.jobs`,
  );
  return [
    problem(`The counters of jobs are wrong (${wrong.join("; ")})`, `To count anew: ${mend}`),
  ];
}

function counts(rows: readonly Row[]): Map<string, SqlValue> {
  return new Map(
    rows.map(({ state, queue, jobs }) => [queue ? `${state} in ${queue}` : `${state}`, jobs!]),
  );
}
