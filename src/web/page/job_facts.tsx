/// <reference lib="dom" />
/**
 * All that is known of a job, as a list.
 *
 * @module
 */

import type { ComponentChildren, JSX } from "preact";
import { JobLink, Time, UserText } from "./components.tsx";
import { formatFull, formatSeconds } from "./format.ts";
import type { JobJson } from "./job_shapes.ts";
import { linkTo, PATHS } from "./router.ts";

interface Fact {
  readonly name: string;
  readonly value: ComponentChildren;
}

function fact(name: string, value: ComponentChildren): Fact {
  return { name, value };
}

/** The list; what is empty is left out. */
export function JobFacts({ job }: { readonly job: JobJson }): JSX.Element {
  return (
    <dl class="facts details">
      {[...factsOf(job)].map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function* factsOf(job: JobJson): Generator<Fact> {
  yield fact(
    "Queue",
    <a href={linkTo(PATHS.jobs, { queue: job.queue })}>
      <UserText text={job.queue} />
    </a>,
  );
  yield fact("Priority", job.priority);
  if (job.tags.length > 0) yield fact("Tags", <Tags tags={job.tags} />);
  if (job.after !== null && job.after.length > 0) {
    yield fact("After", <Parents after={job.after} />);
  }
  if (job.unique_key !== null) yield fact("Unique key", <UserText text={job.unique_key} />);
  if (job.schedule !== null) {
    yield fact(
      "Schedule",
      <>
        <a href={PATHS.schedules}>
          <UserText text={job.schedule} />
        </a>
        {job.fire_time === null ? null : <>, for {formatFull(Date.parse(job.fire_time))}</>}
      </>,
    );
  }
  if (job.cwd !== null) yield fact("Directory", <UserText text={job.cwd} />);
  if (job.env !== null && job.env.length > 0) {
    yield fact(
      "Environment",
      <>
        <UserText text={job.env.join(", ")} /> (values are not shown)
      </>,
    );
  }
  yield fact(
    "Timeout",
    job.timeout === null ? "none" : `${formatSeconds(job.timeout)} for an attempt`,
  );
  yield fact("Attempts", `${job.attempts} of at most ${job.max_retries + 1}`);
  if (job.max_retries > 0) yield fact("Backoff", backoffOf(job));
  if (job.fatal_exit_codes !== null && job.fatal_exit_codes.length > 0) {
    yield fact("Fatal exit codes", job.fatal_exit_codes.join(", "));
  }
  yield fact("Created", <Both at={job.created_at} />);
  if (job.started_at !== null) yield fact("Started", <Both at={job.started_at} />);
  if (job.finished_at !== null) yield fact("Finished", <Both at={job.finished_at} />);
  if (job.run_at !== null) yield fact("Due", <Both at={job.run_at} />);
  yield fact("Changed", <Both at={job.updated_at} />);
  if (job.exit_code !== null) yield fact("Exit code", job.exit_code);
  if (job.worker_id !== null) yield fact("Worker", <UserText text={job.worker_id} />);
}

/** A time in full, and how far away it is. */
function Both({ at }: { readonly at: string }): JSX.Element {
  return (
    <>
      {formatFull(Date.parse(at))} (<Time at={at} />)
    </>
  );
}

function Tags({ tags }: { readonly tags: readonly string[] }): JSX.Element {
  return (
    <>
      {tags.map((tag) => (
        <a key={tag} class="tag" href={linkTo(PATHS.jobs, { tag })}>
          <UserText text={tag} />
        </a>
      ))}
    </>
  );
}

const ENDS = { ok: "completed", any: "ended", notok: "ended otherwise" } as const;

function Parents({ after }: { readonly after: NonNullable<JobJson["after"]> }): JSX.Element {
  return (
    <ul class="plain-list">
      {after.map(({ id, on }) => (
        <li key={id}>
          <JobLink id={id} />, when it has {ENDS[on]}
        </li>
      ))}
    </ul>
  );
}

function backoffOf({ backoff_base, backoff_max, backoff_jitter }: JobJson): string {
  const jitter = backoff_jitter === 0 ? "" : `, ±${Math.round(backoff_jitter * 100)} %`;
  return `${backoff_base}^n seconds, at most ${formatSeconds(backoff_max)}${jitter}`;
}
