/**
 * Whether the rows of a store fit together. Nothing but damage, or another program's hand, makes them
 * differ: each write is one transaction.
 *
 * @module
 */

import { quoteWords } from "../../worker/quote.ts";
import { type Check, type Finding, problem, warning } from "../examination.ts";
import type { Patient } from "./patient.ts";
import type { Row, SqlValue } from "./work.ts";

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
  mend(patient: Patient): string | Promise<string>;
}

const removing = (sql: string): Rule["mend"] => ({ sqlCommand }) =>
  `To remove them: ${sqlCommand(sql)}`;

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
const WITHOUT_INPUT = `has_stdin <> 0 AND state <> 'completed' AND state <> 'dead'
  AND state <> 'cancelled' AND state <> 'processing'
  AND NOT EXISTS (SELECT 1 FROM input WHERE input.job = job.seq)`;
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
    mend: ({ sqlCommand }) =>
      `To end them: ${
        sqlCommand(
          `UPDATE attempt SET outcome = 'lost', finished_at = started_at,
          error = 'its end was not written down' WHERE ${FORGOTTEN}`,
        )
      }`,
  },
  {
    sql: `SELECT count(*) AS rows, min(id) AS sample FROM job WHERE ${UNLOGGED}`,
    text: "Jobs that run without a row in the attempt log, so that nobody can rescue them",
    isSerious: true,
    mend: ({ sqlCommand }) =>
      `To put it there: ${
        sqlCommand(
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
    mend: ({ sqlCommand, options: { hostIdentity, command } }) =>
      `To have the next worker take them over: ${
        sqlCommand(
          `INSERT INTO worker (id, host, host_identity, pid, process_start, join_order, slots,
          started_at, heartbeat_at) SELECT DISTINCT worker_id, 'unknown', '${
            hostIdentity.replaceAll("'", "''")
          }', ${NO_PROCESS}, 0, 1, 0, 0 FROM job WHERE ${UNOWNED}`,
        )
      } && ${quoteWords([...command, "worker", "start", "--detach"])}`,
  },
  {
    sql: `SELECT count(*) AS rows, min(id) AS sample FROM job WHERE ${WITHOUT_INPUT}`,
    text: "Jobs that have lost what they are to read on their standard input",
    isSerious: true,
    async mend({ rows, options: { command } }) {
      const sql = `SELECT id FROM job WHERE ${WITHOUT_INPUT} ORDER BY seq LIMIT ${MAX_IDS}`;
      const ids = (await rows(sql)).map((row) => row.id as string);
      return `To cancel them, and enqueue them anew: ${quoteWords([...command, "cancel", ...ids])}`;
    },
  },
];

/** Orphans, attempts and jobs that contradict each other, counters that do not count. */
export async function recordsCheck(patient: Patient): Promise<Check> {
  const findings: Finding[] = [];
  for (const rule of RULES) {
    const [row] = await patient.rows(rule.sql);
    if (row === undefined || row.rows === 0) continue;
    const text = `${rule.text}: ${row.rows} (such as ${row.sample})`;
    const mend = await rule.mend(patient);
    findings.push(rule.isSerious ? problem(text, mend) : warning(text, mend));
  }
  const counters = await counterFindings(patient);
  const [counted] = await patient.rows("SELECT coalesce(sum(jobs), 0) AS jobs FROM counter");
  return {
    name: "records",
    text: `All fits together: jobs (${counted?.jobs}), their attempts, inputs and outputs`,
    findings: [...findings, ...counters],
  };
}

/** In SQLite, by state they are counted in an index, 75 ms for a million; by queue too, all rows are read: 1 s. */
async function counterFindings(
  { rows, sqlCommand, recount, options: { full } }: Patient,
): Promise<Finding[]> {
  const by = full ? "state, queue" : "state";
  // At one moment: in between, jobs go on.
  const all = await rows(
    `SELECT 'counted' AS what, ${by}, count(*) AS jobs FROM job GROUP BY ${by}
    UNION ALL SELECT 'kept' AS what, ${by}, sum(jobs) AS jobs FROM counter GROUP BY ${by}`,
  );
  const counted = counts(all.filter(({ what }) => what === "counted"));
  const kept = counts(all.filter(({ what }) => what === "kept"));
  const wrong = [...new Set([...counted.keys(), ...kept.keys()])]
    .filter((key) => (counted.get(key) ?? 0) !== (kept.get(key) ?? 0))
    .map((key) => `${key}: ${kept.get(key) ?? 0}, not ${counted.get(key) ?? 0}`);
  if (wrong.length === 0) return [];
  return [
    problem(
      `The counters of jobs are wrong (${wrong.join("; ")})`,
      `To count anew: ${sqlCommand(recount)}`,
    ),
  ];
}

function counts(rows: readonly Row[]): Map<string, SqlValue> {
  return new Map(
    rows.map(({ state, queue, jobs }) => [queue ? `${state} in ${queue}` : `${state}`, jobs!]),
  );
}
