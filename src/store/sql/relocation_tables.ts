/**
 * The tables whose rows are moved when a whole store is: what is not here is kept by triggers, made anew, or speaks of
 * workers, which do not move.
 *
 * @module
 */

/** A table as rows of it are moved. */
export interface Table {
  readonly name: string;
  /** What tells its rows apart, and in which order they are read: the table has an index of it. */
  readonly key: readonly string[];
  /** All other columns. */
  readonly columns: readonly string[];
  /** Those that may be large. */
  readonly large?: readonly string[];
  /** That of an error, which older versions have kept at any length. */
  readonly error?: string;
  /** Which rows are moved; all if absent. */
  readonly where?: string;
  /** What its rows are, for people. */
  readonly noun: string;
}

const words = (text: string): readonly string[] => text.split(/\s+/);

/** In the order in which they are moved. */
export const TABLES: readonly Table[] = [
  {
    name: "setting",
    key: ["key"],
    columns: ["value"],
    // The others are the program's own.
    where: "key NOT LIKE ':%'",
    noun: "setting",
  },
  {
    name: "queue",
    key: ["name"],
    columns: words("paused job_limit rate_count rate_period"),
    noun: "queue with settings",
  },
  { name: "start", key: ["queue", "number"], columns: ["at"], noun: "start of an attempt" },
  {
    name: "schedule",
    key: ["name"],
    columns: words(
      "cron timezone catch_up overlap spec paused next_at created_at last_at last_job",
    ),
    large: ["spec"],
    noun: "schedule",
  },
  {
    name: "statistic",
    key: words("step at queue outcome bucket"),
    columns: ["attempts", "duration"],
    noun: "figure of statistics",
  },
  { name: "ended_parent", key: ["id"], columns: [], noun: "job whose dependents are to be told" },
  {
    name: "job",
    key: ["seq"],
    columns: words(
      `id queue state priority attempts runs max_retries backoff_base backoff_max backoff_jitter timeout
      run_at created_at updated_at started_at finished_at exit_code error worker_id token
      cancel_requested unique_key cancelled_by was_waiting schedule fire_time progress
      progress_message cwd tags after fatal_exit_codes env has_stdin command`,
    ),
    large: words("command env error after tags fatal_exit_codes cwd progress_message"),
    error: "error",
    noun: "job",
  },
  { name: "input", key: ["job"], columns: ["stdin"], large: ["stdin"], noun: "input of a job" },
  {
    name: "dependency",
    key: ["parent", "job"],
    columns: ["condition"],
    noun: "job that another one waits for",
  },
  {
    name: "attempt",
    key: ["job", "attempt"],
    columns: words(
      `outcome started_at finished_at exit_code error worker_id host launcher_pid launcher_start
      output_bytes ahead`,
    ),
    large: ["error"],
    noun: "attempt",
  },
  {
    name: "output",
    key: ["job", "attempt", "seq"],
    columns: words("stream time missing bytes"),
    large: ["bytes"],
    noun: "piece of output",
  },
];

/** The table of this name. */
export function tableOf(name: string): Table {
  const table = TABLES.find((table) => table.name === name);
  if (table === undefined) throw new RangeError(`No rows of ${name} are moved`);
  return table;
}

/** The columns of a row, its key first. */
export function columnsOf({ key, columns }: Table): readonly string[] {
  return [...key, ...columns];
}

/** Keeps its bytes, in the one database as text, in the other as such: it may hold a NUL. */
const STDIN = "stdin";

/** A column as it is read. */
export function readingOf(column: string): string {
  return column === STDIN ? "CAST(stdin AS BLOB) AS stdin" : column;
}

/** How long a column's value is, whatever its kind. */
export function lengthOf(column: string): string {
  return column === STDIN ? "length(CAST(stdin AS BLOB))" : `coalesce(length(${column}), 0)`;
}

/** The parameter by which a column is written. */
export function writingOf(column: string): string {
  return column === STDIN ? "CAST(? AS CLOB)" : "?";
}
