/**
 * What has to hold after the kill campaign, whatever was killed.
 *
 * @module
 */

import type { Stage } from "../../flows/stage.ts";
import { type Entry, FAILURE, type Kind, OUTPUT_LINES, readDiary, retriesOf } from "./jobs.ts";
import type { Ledger } from "./ledger.ts";

/** What the campaign knows of its jobs. */
export interface Known {
  readonly printed: readonly string[];
  readonly batchSize: number;
  readonly cancelled: ReadonlySet<string>;
  readonly retried: ReadonlySet<string>;
  readonly touched: ReadonlySet<string>;
  readonly salvageable: ReadonlySet<string>;
  /** Whether what an attempt wrote may be lost with its machine. */
  readonly losesOutput?: boolean;
}

/** Where the campaign was. */
export type Place = Pick<Stage, "damage" | "lines" | "leftovers">;

interface Attempt {
  readonly attempt: number;
  readonly outcome: string | null;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number | null;
  readonly launcher: number;
}

interface StoredJob {
  readonly seq: number;
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly kind: Kind;
  readonly log: readonly Attempt[];
}

/** What was counted, and what broke a rule. */
export interface Audit {
  readonly figures: Readonly<Record<string, number>>;
  readonly faults: readonly string[];
}

/** Looks at the store, the diary and what else is left, after the last process has ended. */
export async function audit(stage: Place, ledger: Ledger, known: Known): Promise<Audit> {
  const jobs = await readJobs(ledger);
  const diary = readDiary(stage);
  const ids = new Set(jobs.map(({ id }) => id));
  const lost = known.printed.filter((id) => !ids.has(id));
  const doubled = [...diary].flatMap(([id, entries]) => overlaps(id, entries));
  const violations = stage.lines("violations");
  const log = jobs.flatMap((job) => job.log);
  const faultsOfJobs: string[] = [];
  for (const job of jobs) {
    faultsOfJobs.push(...await judge(job, diary.get(job.id) ?? [], known, ledger));
  }
  return {
    figures: {
      jobs: jobs.length,
      attempts: log.length,
      lostAttempts: log.filter(({ outcome }) => outcome === "lost").length,
      handedBack: log.filter(({ outcome }) => outcome === "handed_back").length,
      salvaged: known.salvageable.size,
      lostJobs: lost.length,
      doubled: doubled.length + violations.length,
    },
    faults: [
      ...lost.map((id) => `${id} was printed and is not there`),
      ...doubled,
      ...violations,
      ...faultsOfJobs,
      ...[...diary.keys()].filter((id) => !ids.has(id)).map((id) => `${id} ran and is not there`),
      ...await judgeStore(stage, ledger, known.batchSize),
      ...await judgeStatistics(ledger, log),
      ...stage.leftovers().map((name) => `${name} was left beside the store`),
    ],
  };
}

/** Every attempt that ended was counted once, whoever died while it was. */
async function judgeStatistics(ledger: Ledger, log: readonly Attempt[]): Promise<string[]> {
  const counted = new Map<string, number>();
  const count = (outcome: string, attempts: number) =>
    counted.set(outcome, (counted.get(outcome) ?? 0) + attempts);
  for (const row of await ledger.ask("SELECT outcome, attempts FROM statistic WHERE step = 0")) {
    count(row.outcome as string, row.attempts as number);
  }
  for (const { list } of await ledger.ask("SELECT list FROM ended_attempts")) {
    for (const [, outcome, attempts] of (list as string).matchAll(/^\d+ \S+ (\S+) \d+ (\d+)/gm)) {
      count(outcome!, Number(attempts));
    }
  }
  const ended = Map.groupBy(log, ({ outcome }) => outcome);
  ended.delete(null);
  return [...new Set([...counted.keys(), ...ended.keys()])].flatMap((outcome) => {
    const [found, expected] = [counted.get(outcome!) ?? 0, ended.get(outcome)?.length ?? 0];
    return found === expected
      ? []
      : [`${found} attempts were counted as ${outcome}, and the log has ${expected}`];
  });
}

async function readJobs(ledger: Ledger): Promise<StoredJob[]> {
  const attempts = Map.groupBy(
    await ledger.ask("SELECT * FROM attempt ORDER BY job, attempt"),
    ({ job }) => job as number,
  );
  const rows = await ledger.ask("SELECT seq, id, state, attempts, runs, tags FROM job");
  return rows.map((row) => ({
    seq: row.seq as number,
    id: row.id as string,
    state: row.state as string,
    attempts: row.attempts as number,
    kind: JSON.parse(row.tags as string)[0],
    log: (attempts.get(row.seq as number) ?? []).map((attempt) => ({
      attempt: attempt.attempt as number,
      outcome: attempt.outcome as string | null,
      startedAt: attempt.started_at as number,
      finishedAt: attempt.finished_at as number,
      exitCode: attempt.exit_code as number | null,
      launcher: attempt.launcher_pid as number,
    })),
  }));
}

/** By the order of lines and by the clock: nothing of an attempt comes after the begin of the next. */
function overlaps(id: string, entries: readonly Entry[]): string[] {
  const begun = new Set<string>();
  return entries.flatMap((entry, index) => {
    const before = entries[index - 1];
    const faults: string[] = [];
    if (before && before.time > entry.time) {
      faults.push(`${id}: a line is older than the one before`);
    }
    const isFollowUp = before?.what === "begin" && before.token === entry.token;
    if (entry.what === "end" && !isFollowUp) {
      faults.push(`${id}: an attempt ended after the next began`);
    }
    if (entry.what === "begin" && begun.has(entry.token)) {
      faults.push(`${id}: an attempt began twice`);
    }
    begun.add(entry.token);
    return faults;
  });
}

async function judge(
  job: StoredJob,
  entries: readonly Entry[],
  known: Known,
  ledger: Ledger,
): Promise<string[]> {
  const { id, kind, state, log } = job;
  const faults: string[] = [];
  const fault = (what: string) => faults.push(`${id} (${kind}, ${state}): ${what}`);
  const isSteered = known.cancelled.has(id) || known.retried.has(id);
  if (!statesOf(kind, known.cancelled.has(id)).includes(state)) {
    fault("not a state that it may end in");
  }
  log.forEach(({ attempt, outcome }, index) => {
    if (attempt !== index + 1) fault(`attempt ${attempt} is number ${index + 1} in the log`);
    if (outcome === null) fault(`attempt ${attempt} has no outcome`);
    if (outcome === "completed" && index + 1 < log.length && !known.retried.has(id)) {
      fault(`it completed in attempt ${attempt} and ran again`);
    }
    if (outcome === "lost" && known.salvageable.has(`${id} ${attempt}`)) {
      fault(`attempt ${attempt} had ended and was taken for lost`);
    }
  });
  const counted = log.filter(({ outcome }) => outcome !== "handed_back").length;
  const isCounted = known.retried.has(id) ? job.attempts <= counted : job.attempts === counted;
  if (!isCounted) fault(`attempts is ${job.attempts}, and ${counted} in the log count`);
  if (job.attempts > retriesOf(kind) + 1) fault(`it had ${job.attempts} attempts`);
  if (kind === "doomed" && state === "dead" && !isSteered && counted !== retriesOf(kind) + 1) {
    fault(`it was given up after ${counted} attempts`);
  }
  if (state === "completed" && log.at(-1)?.outcome !== "completed") {
    fault(`its last attempt was ${log.at(-1)?.outcome}`);
  }
  faults.push(...await judgeDiary(job, entries, known, ledger));
  return faults;
}

function statesOf(kind: Kind, mayBeCancelled: boolean): string[] {
  const cancelled = mayBeCancelled ? ["cancelled"] : [];
  if (kind === "doomed") return ["dead", ...cancelled];
  return kind === "mortal" ? ["completed", "dead", ...cancelled] : ["completed", ...cancelled];
}

/** What the job wrote down, what the store says of it, and the output that it has kept agree. */
async function judgeDiary(
  { seq, id, kind, log }: StoredJob,
  entries: readonly Entry[],
  { touched, losesOutput = false }: Known,
  ledger: Ledger,
): Promise<string[]> {
  const isTouched = touched.has(id);
  const faults: string[] = [];
  const runs = new Map<number, { begin: Entry; end: Entry | null }>();
  for (const [index, begin] of entries.entries()) {
    if (begin.what !== "begin") continue;
    const time = Number(begin.time / 1_000_000n);
    // One whose launcher was killed before it looked has another parent by then.
    const sql = "SELECT 1 FROM attempt WHERE launcher_pid = ?";
    const isOrphan = (await ledger.ask(sql, begin.launcher)).length === 0;
    const own = log.filter(({ launcher, startedAt, finishedAt }) =>
      (isOrphan || launcher === begin.launcher) && startedAt <= time && time <= finishedAt
    );
    if (own.length !== 1) {
      const shown = `${JSON.stringify({ ...begin, time })}, the log: ${JSON.stringify(log)}`;
      faults.push(`a begin has ${own.length} attempts in the log: ${shown}`);
    }
    for (const { attempt } of own) {
      if (runs.has(attempt)) faults.push(`attempt ${attempt} began twice`);
      const next = entries[index + 1];
      runs.set(attempt, { begin, end: next?.token === begin.token ? next : null });
    }
  }
  for (const { attempt, outcome, exitCode } of log) {
    const run = runs.get(attempt);
    const code = run?.end?.code;
    const isSo = outcome === "completed"
      ? code === 0
      : outcome !== "failed" || (code === exitCode && exitCode === FAILURE) ||
        (isTouched && exitCode === 137);
    if (!isSo) {
      faults.push(`attempt ${attempt} is ${outcome} with ${exitCode}, its end says ${code}`);
    }
    const hasEnded = outcome === "completed" || exitCode === FAILURE;
    // One that is lost after a cancel was asked for is the cancel's.
    if (losesOutput && (outcome === "lost" || outcome === "cancelled")) continue;
    const text = run === undefined ? "" : await outputOf(ledger, seq, attempt);
    if (run && !isKept(text, run.begin.token, hasEnded ? kind : null)) {
      const seen = JSON.stringify(text.slice(-80));
      faults.push(`of attempt ${attempt}, which is ${outcome}, there is not all output: ${seen}`);
    }
  }
  return faults.map((fault) => `${id} (${kind}): ${fault}`);
}

async function outputOf(ledger: Ledger, seq: number, attempt: number): Promise<string> {
  const rows = await ledger.ask(
    "SELECT bytes FROM output WHERE job = ? AND attempt = ? AND stream = 'stdout' ORDER BY seq",
    seq,
    attempt,
  );
  const decoder = new TextDecoder();
  return rows.map(({ bytes }) => decoder.decode(bytes as Uint8Array, { stream: true })).join("");
}

/** The first line at least, and all of them if the job has ended, which is then of this kind. */
function isKept(text: string, token: string, ended: Kind | null): boolean {
  if (ended === null) return text.startsWith(`begin ${token}\n`);
  const lines = ended === "output" ? `line ${token}\n`.repeat(OUTPUT_LINES) : "";
  return text === `begin ${token}\n${lines}end ${token}\n`;
}

async function judgeStore(stage: Place, ledger: Ledger, batchSize: number): Promise<string[]> {
  const counters = await ledger.ask(`SELECT state, queue, sum(jobs) AS jobs FROM (
      SELECT state, queue, jobs FROM counter
      UNION ALL SELECT state, queue, -count(*) FROM job GROUP BY state, queue
    ) AS counted GROUP BY state, queue HAVING sum(jobs) <> 0`);
  const tags = (await ledger.ask("SELECT tags FROM job")).map((row) => String(row.tags));
  const batches = Object.entries(Object.groupBy(tags, (text) => JSON.parse(text)[1]));
  const rows = async (what: string, sql: string) => {
    const count = await ledger.count(`SELECT count(*) FROM ${sql}`);
    return count === 0 ? [] : [`the store has ${count} ${what}`];
  };
  return [
    ...await stage.damage(),
    ...counters.map(({ state, jobs }) => `the counter of ${state} is off by ${jobs}`),
    ...batches.filter(([batch, jobs]) => batch.startsWith("batch-") && jobs?.length !== batchSize)
      .map(([batch, jobs]) => `of ${batch} there are ${jobs?.length} jobs`),
    ...await rows("workers", "worker"),
    ...await rows("attempts without a job", "attempt WHERE job NOT IN (SELECT seq FROM job)"),
    ...await rows(
      "pieces of output without an attempt",
      "output WHERE NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.job = output.job " +
        "AND attempt.attempt = output.attempt)",
    ),
  ];
}
