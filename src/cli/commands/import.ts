/**
 * `queuectl import`
 *
 * @module
 */

import { uuidv7 } from "uuidv7";
import { resolveConfig } from "../../config.ts";
import { MissingStoreError } from "../../errors.ts";
import type { RecordSurroundings } from "../../job/read_record.ts";
import { specDefaults } from "../../spec_defaults.ts";
import type { Imported } from "../../store/importing.ts";
import { MAX_BATCH, type Store } from "../../store/store.ts";
import * as arg from "../args.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import * as flag from "../flags.ts";
import { checkAgainst, importAll, type ImportRequest, NO_STORE } from "../import_jobs.ts";
import { type Survey, surveyRecords } from "../import_survey.ts";
import { progressBar } from "../progress_bar.ts";
import { RecordFile } from "../record_file.ts";
import { countOf, formatCount } from "../../numbers.ts";
import { hintAtWorker } from "../worker_hint.ts";

/** Stores the jobs of an export. */
export const command = defineCommand({
  description: [
    "Everything is checked before anything is written: each line by itself, the lines with each other, " +
    `and with the store. Up to ${formatCount(MAX_BATCH)} jobs are stored all or none; more, in ` +
    "portions of that size.",
    "Jobs stay what they are: what waited goes on waiting, what has ended keeps its history. A job that ran " +
    "when it was exported counts as lost, and runs again if it has retries left.",
    "The file may be edited: a line is a job with the keys of enqueue, and those that export writes. " +
    "Values of env are not in an export; put them in, as an object, for the jobs that are yet to run.",
  ],
  flags: {
    skipExisting: flag.boolean({ summary: "Leave out jobs whose id is in the store already" }),
    dropEnv: flag.boolean({ summary: "Run jobs without the variables whose values are not there" }),
    dryRun: flag.boolean({ summary: "Check everything and write nothing" }),
  },
  args: { file: arg.one("FILE", "NDJSON as export writes it; - is standard input", "file") },
  examples: [
    ["queuectl import jobs.ndjson", "All of them, or none"],
    ["gunzip < backup.ndjson.gz | queuectl import - --skip-existing", "What is missing here"],
    ["queuectl import jobs.ndjson --dry-run", "Would it work?"],
  ],
  exitCodes: [
    ["3", "A job waits for one that is neither in the file nor in the store"],
    ["4", "An id, a unique key or a firing of a schedule is taken"],
  ],
  async run(context, { flags: { skipExisting, dropEnv, dryRun }, args }) {
    using file = await RecordFile.open(args.file, context);
    const surroundings = surroundingsOf(context, dropEnv);
    const survey = await checkLines(file, surroundings, context);
    await using store = await openStore(context, dryRun);
    const existing = await checkAgainst(store ?? NO_STORE, survey, { skipExisting });
    if (store === null || dryRun) {
      const skipped = existing.size;
      return await say(context, survey, { imported: survey.jobs - skipped, skipped }, dryRun);
    }
    const config = resolveConfig(await store.settings());
    const { isShared } = store;
    const defaults = specDefaults(config, { directory: context.cwd, isShared });
    const how = { survey, surroundings: { ...surroundings, defaults }, skipExisting };
    await say(context, survey, await importWithBar(store, file, how, context), dryRun);
    await hintAtWorker(store, context);
  },
});

async function importWithBar(
  store: Store,
  file: RecordFile,
  how: Omit<ImportRequest, "progress">,
  context: Context,
): Promise<Imported> {
  await using bar = progressBar(context, { label: "Importing", total: how.survey.jobs });
  return await importAll(store, file, { ...how, progress: (jobs) => bar.update(jobs) });
}

/** Whether a line is valid does not depend on the settings, so these will do for the first look. */
function surroundingsOf(context: Context, dropEnv: boolean): RecordSurroundings {
  return {
    defaults: specDefaults(resolveConfig(new Map()), { directory: context.cwd, isShared: false }),
    now: context.now(),
    random: Math.random,
    newId: uuidv7,
    dropEnv,
  };
}

async function checkLines(
  file: RecordFile,
  surroundings: RecordSurroundings,
  context: Context,
): Promise<Survey> {
  const kilobytes = (bytes: number) => Math.ceil(bytes / 1000);
  await using bar = progressBar(context, { label: "Checking, kB", total: kilobytes(file.size) });
  return await surveyRecords(file, surroundings, (bytes) => bar.update(kilobytes(bytes)));
}

/** Null for a dry run where there is no store: it makes none. */
async function openStore(context: Context, dryRun: boolean): Promise<Store | null> {
  if (!dryRun) return await context.openStore({ create: true });
  try {
    return await context.openStore({ create: false, readOnly: true });
  } catch (error) {
    if (error instanceof MissingStoreError) return null;
    throw error;
  }
}

async function say(
  { stdout, stderr, json }: Context,
  { withoutEnv }: Survey,
  { imported, skipped }: Imported,
  dryRun: boolean,
): Promise<void> {
  if (withoutEnv > 0) {
    await stderr.line(
      `Without env, whose values are not in the file: ${countOf(withoutEnv, "job")}`,
    );
  }
  if (json) return await stdout.json({ imported, skipped, dry_run: dryRun });
  const left = skipped === 0 ? "" : `, ${formatCount(skipped)} left out that exist already`;
  await stdout.line(
    dryRun
      ? `All is well: ${countOf(imported, "job")} to import${left}`
      : `Imported ${countOf(imported, "job")}${left}`,
  );
}
