/**
 * From the command line of `schedule add` to the job spec that each firing enqueues.
 *
 * @module
 */

import { UsageError } from "../errors.ts";
import { UNFIT_KEYS } from "../intake/scheduled_spec.ts";
import { parseSpec, SpecError } from "../job/spec.ts";
import { CommandLineError } from "./command_line_error.ts";
import type { Context } from "./context.ts";
import * as flag from "./flags.ts";
import { JOB_FLAGS, overridesOf } from "./job_flags.ts";
import { commandOf } from "./job_source.ts";

const { id: _id, runAt: _runAt, after: _after, ...FITTING } = JOB_FLAGS;

/** The flags of jobs, as far as they fit every firing alike. */
export const SCHEDULE_JOB_FLAGS = {
  ...FITTING,
  delay: { ...JOB_FLAGS.delay, summary: "Not before so long after the firing" },
  command: flag.string({ summary: "The command, as shell text", placeholder: "TEXT" }),
  id: refused(UNFIT_KEYS.id),
  runAt: {
    ...refused("--cron says when; --delay makes each job wait after its firing"),
    aliases: ["at"],
  },
  after: refused(UNFIT_KEYS.after),
  hold: refused("what fires is to run; to stop it for a time: queuectl schedule pause NAME", true),
};

/** What the command line says of the job. */
export interface ScheduledJobRequest {
  readonly flags: flag.FlagValues<typeof SCHEDULE_JOB_FLAGS>;
  readonly rest: readonly string[] | null;
}

/**
 * The job spec, with its keys as a user would write them in JSON. It is valid: whoever resolves it later
 * parses it again.
 *
 * @throws {UsageError} if there is no command, or anything is wrong with what was given
 */
export async function readScheduledSpec(
  { flags, rest }: ScheduledJobRequest,
  context: Context,
): Promise<Record<string, unknown>> {
  const command = commandOf({ command: flags.command, rest });
  if (command === undefined) {
    throw new CommandLineError("No command given: put it after --, such as -- ./backup.sh");
  }
  const source = { words: [], command, file: undefined, rest: null };
  const job = { ...flags, id: undefined, runAt: undefined, after: [] };
  const spec = { command, ...await overridesOf(job, source, context) };
  try {
    parseSpec(spec);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    throw new UsageError(`Invalid job: ${error.message}`);
  }
  return spec;
}

/** A flag that only says why it cannot be given. */
function refused(reason: string, bare = false): flag.Flag<undefined> {
  return {
    summary: reason,
    placeholder: bare ? "" : "VALUE",
    bare,
    repeatable: true,
    hidden: true,
    read: (texts) => {
      if (texts.length > 0) throw new RangeError(`does not fit a schedule: ${reason}`);
    },
  };
}
