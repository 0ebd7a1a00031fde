/// <reference lib="dom" />
/**
 * One job: what it is, why it is not running, its attempts, and what they wrote.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { isFinal, WAITING_STATES } from "../../job/state.ts";
import { part } from "./api.ts";
import { Attempts } from "./attempts.tsx";
import {
  Card,
  CopyButton,
  Elapsed,
  Empty,
  Loading,
  PageHead,
  Problem,
  StateBadge,
  Time,
  UserText,
} from "./components.tsx";
import { Edit } from "./edit.tsx";
import { JobActions } from "./job_actions.tsx";
import { JobFacts } from "./job_facts.tsx";
import type { JobDetailJson } from "./job_shapes.ts";
import { watchJob } from "./live.ts";
import { Output, type StreamChoice } from "./output.tsx";
import { type OutputEvent, OutputFeed } from "./output_feed.ts";
import { useResource } from "./resource.ts";
import { PATHS, place, setQuery } from "./router.ts";
import { canWrite } from "./session.ts";
import { Why } from "./why.tsx";

/** The view. */
export function JobView({ id }: { readonly id: string }): JSX.Element {
  const { query } = place.value;
  const asked = /^[1-9]\d{0,8}$/.test(query.attempt ?? "") ? Number(query.attempt) : null;
  const { state, reload } = useResource<JobDetailJson>(`/jobs/${part(id)}`, { still: true });
  const latest = useSignal<JobDetailJson | undefined>(undefined);
  const feed = useMemo(() => new OutputFeed(), []);
  const gone = useSignal(false);
  const { data, error } = state.value;
  useEffect(() => {
    if (data !== undefined) latest.value = data;
  }, [data]);
  const job = latest.value;
  const isKnown = job !== undefined && !gone.value;
  useEffect(() => {
    // The stream of a job that there is not is refused.
    if (!isKnown) return;
    feed.clear();
    return watchJob({
      id,
      attempt: asked,
      onEvent(event, told) {
        if (event === "output") feed.take(told as OutputEvent);
        else if (event === "job") latest.value = told as JobDetailJson;
        else gone.value = true;
      },
    });
  }, [id, asked, isKnown]);
  if (job === undefined) {
    return (
      <>
        <PageHead
          title={
            <>
              Job <UserText text={id} />
            </>
          }
        />
        {error === null ? <Loading /> : <Missing error={error} />}
      </>
    );
  }
  return (
    <>
      <PageHead title={<JobTitle job={job} />} note={<Summary job={job} />}>
        {canWrite.value && !gone.value ? <JobActions job={job} onDone={reload} /> : null}
      </PageHead>
      {error === null ? null : <Problem error={error} />}
      {gone.value ? <Problem error={{ message: "This job was deleted" }} /> : null}
      <JobBody job={job} feed={feed} asked={asked} />
      {query.edit === "1" && canWrite.value
        ? (
          <Edit
            job={job}
            onClose={() => setQuery({ edit: null })}
            onDone={(changed) => latest.value = { ...job, ...changed }}
          />
        )
        : null}
    </>
  );
}

function JobBody(
  { job, feed, asked }: {
    readonly job: JobDetailJson;
    readonly feed: OutputFeed;
    readonly asked: number | null;
  },
): JSX.Element {
  const { id, state, attempt_log: attempts } = job;
  const newest = attempts.at(-1)?.attempt ?? null;
  const chosen = asked ?? feed.attempt ?? newest;
  const { stream } = place.value.query;
  const waits = WAITING_STATES.includes(state);
  return (
    <>
      <Card
        title="Command"
        aside={<CopyButton text={job.command} />}
      >
        <pre class="command-text"><UserText text={job.command} /></pre>
      </Card>
      {isFinal(state) ? null : <Why job={job} />}
      {newest === null ? null : (
        <Card
          title={`Output of attempt ${chosen}`}
          aside={asked === null || asked === newest
            ? null
            : <a class="button small" href={`${place.value.path}`}>Newest attempt</a>}
        >
          <Output
            id={id}
            feed={feed}
            attempt={chosen}
            stream={stream === "stdout" || stream === "stderr" ? stream : "both"}
            onStream={(choice: StreamChoice) =>
              setQuery({ stream: choice === "both" ? null : choice }, { replace: true })}
            live={state === "processing" && chosen === newest}
          />
        </Card>
      )}
      {attempts.length === 0 ? null : (
        <Card title="Attempts">
          <Attempts attempts={attempts} chosen={chosen} due={waits ? job.run_at : null} />
        </Card>
      )}
      <Card title="Details">
        <JobFacts job={job} />
      </Card>
    </>
  );
}

function JobTitle({ job }: { readonly job: JobDetailJson }): JSX.Element {
  return (
    <>
      <span class="job-id">
        Job <UserText text={job.id} />
      </span>{" "}
      <StateBadge state={job.state} />
    </>
  );
}

/** How it stands, in a line. */
function Summary({ job }: { readonly job: JobDetailJson }): JSX.Element {
  const { state, error, progress } = job;
  // Of a job that somebody cancelled, the error only says that again.
  const why = error === null || error === state || state === "completed" ? null : error;
  return (
    <>
      {state === "processing"
        ? (
          <>
            running for <Elapsed from={job.started_at} to={null} />
          </>
        )
        : state === "completed"
        ? (
          <>
            completed <Time at={job.finished_at} />
          </>
        )
        : isFinal(state)
        ? (
          <>
            ended <Time at={job.finished_at} />
          </>
        )
        : job.run_at === null
        ? (
          <>
            enqueued <Time at={job.created_at} />
          </>
        )
        : (
          <>
            due <Time at={job.run_at} />
          </>
        )}
      {progress === null || state !== "processing" ? null : (
        <span class="progress">
          <progress max={100} value={progress.percent} aria-label="Progress" />
          {progress.percent}%{" "}
          {progress.message === null ? null : <UserText text={progress.message} />}
        </span>
      )}
      {why === null ? null : (
        <span class="job-error">
          <UserText text={why} />
        </span>
      )}
    </>
  );
}

function Missing(
  { error }: { readonly error: { readonly status: number; readonly message: string } },
): JSX.Element {
  return error.status === 404
    ? (
      <Empty title={error.message}>
        <a href={PATHS.jobs}>All jobs</a>
      </Empty>
    )
    : <Problem error={error} />;
}
