/// <reference lib="dom" />
/**
 * The dead letter queue: the jobs that failed for good, by what went wrong.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { part, post } from "./api.ts";
import { act, type Action, describeResult } from "./bulk.ts";
import {
  Empty,
  JobLink,
  Loading,
  PageHead,
  Problem,
  Table,
  Time,
  UserText,
} from "./components.tsx";
import { confirm } from "./dialog.tsx";
import { Purge } from "./dlq_purge.tsx";
import { countOf, formatCount } from "./format.ts";
import { useHold, useSteadyItems } from "./hold.ts";
import { ALL_JOBS, type JobQuery } from "./job_query.ts";
import type { ErrorGroupJson, JobJson, JobPageJson } from "./job_shapes.ts";
import { status } from "./live.ts";
import { useBusy, useResource } from "./resource.ts";
import { linkTo, PATHS } from "./router.ts";
import { canWrite } from "./session.ts";
import type { SteadyRow } from "./steady_list.ts";
import { attempt, toast, toastError } from "./toasts.tsx";

/** So many jobs of a group are shown beneath it. */
const SHOWN = 10;

/** The view. */
export function Dlq(): JSX.Element {
  const { state, reload } = useResource<readonly ErrorGroupJson[]>("/dlq/groups");
  const { data, error } = state.value;
  const purging = useSignal(false);
  const hold = useHold();
  const groups = useSteadyItems(data, ({ error }) => error ?? "\0", hold.held.value);
  const counted = data?.reduce((sum, { count }) => sum + count, 0) ?? 0;
  // The groups may be only the largest ones.
  const total = Math.max(counted, status.value?.jobs.dead ?? 0);
  const all = { ...ALL_JOBS, states: ["dead"] } as const;
  return (
    <>
      <PageHead
        title="Dead letter queue"
        note="Jobs that failed more often than they may, or with a fatal exit code."
      >
        {canWrite.value && total > 0
          ? (
            <>
              <GroupButton action="retry" query={all} count={total} all onDone={reload} />
              <button type="button" class="danger" onClick={() => purging.value = true}>
                Purge…
              </button>
            </>
          )
          : null}
      </PageHead>
      {error === null ? null : <Problem error={error} />}
      {data === undefined
        ? error === null ? <Loading /> : null
        : groups.rows.length === 0
        ? (
          <Empty title="No job is dead">
            A job comes here when its last retry has failed. The same in a terminal: queuectl dlq
            list
          </Empty>
        )
        : (
          <ol class="groups" {...hold.handlers}>
            {groups.rows.map(({ item, gone }) => (
              <Group
                key={item.error ?? "\0"}
                group={item}
                gone={gone}
                holding={hold.held.value}
                onDone={reload}
              />
            ))}
          </ol>
        )}
      {data !== undefined && total > counted && data.length > 0
        ? (
          <p class="faint">
            {countOf(total - counted, "more job")} with other errors:{" "}
            <a href={linkTo(PATHS.jobs, { state: "dead" })}>all dead jobs</a>
          </p>
        )
        : null}
      {purging.value
        ? <Purge total={total} onClose={() => purging.value = false} onDone={reload} />
        : null}
    </>
  );
}

interface GroupProps {
  readonly group: ErrorGroupJson;
  /** None of its jobs is dead any more. */
  readonly gone: boolean;
  /** Nothing may move now. */
  readonly holding: boolean;
  readonly onDone: () => void;
}

function Group({ group, gone, holding, onDone }: GroupProps): JSX.Element {
  const { error, count, newest, newest_at } = group;
  const open = useSignal(false);
  const query: JobQuery = { ...ALL_JOBS, states: ["dead"], error };
  return (
    <li class="card group">
      <div class="group-head">
        <div class="group-error">
          <h2>{error === null ? "No error is known" : <UserText text={error} />}</h2>
          <p class="faint">
            {gone ? "None left" : (
              <>
                {countOf(count, "job")}
                {count === 1 ? ": " : ", the last one "}
                <JobLink id={newest} short /> <Time at={newest_at} />
              </>
            )}
          </p>
        </div>
        {canWrite.value && error !== null && !gone
          ? (
            <div class="actions">
              <GroupButton action="retry" query={query} count={count} onDone={onDone} />
              <GroupButton action="delete" query={query} count={count} onDone={onDone} />
            </div>
          )
          : null}
      </div>
      {error === null || gone
        ? null
        : (
          <details onToggle={(event) => open.value = event.currentTarget.open}>
            <summary>Jobs</summary>
            {open.value
              ? <GroupJobs error={error} count={count} holding={holding} onDone={onDone} />
              : null}
          </details>
        )}
    </li>
  );
}

function GroupJobs(
  { error, count, holding, onDone }: {
    readonly error: string;
    readonly count: number;
    readonly holding: boolean;
    readonly onDone: () => void;
  },
): JSX.Element {
  // In this order a list by error is walked as fast as any; the last one comes first.
  const query = { state: "dead", error, sort: "finished" };
  const { state, reload } = useResource<JobPageJson>(
    linkTo("/jobs", { ...query, limit: String(SHOWN) }),
  );
  const { data, error: problem } = state.value;
  const { rows } = useSteadyItems(data?.jobs, ({ id }) => id, holding);
  if (problem !== null) return <Problem error={problem} />;
  if (data === undefined) return <Loading />;
  const done = () => {
    reload();
    onDone();
  };
  return (
    <>
      <Table<SteadyRow<JobJson>>
        caption="Jobs with this error"
        rows={rows}
        keyOf={({ item }) => item.id}
        columns={[
          { title: "Id", kind: "main-cell", cell: ({ item }) => <JobLink id={item.id} short /> },
          {
            title: "Command",
            kind: "grow",
            cell: ({ item: { command } }) => (
              <code>
                <UserText text={command} cut />
              </code>
            ),
          },
          { title: "Queue", cell: ({ item }) => <UserText text={item.queue} cut /> },
          { title: "Ended", align: "right", cell: ({ item }) => <Time at={item.finished_at} /> },
          ...(canWrite.value
            ? [{
              title: "Actions",
              hidden: true,
              kind: "buttons",
              cell: ({ item, gone }: SteadyRow<JobJson>) =>
                gone
                  ? <span class="faint">moved on</span>
                  : <RetryOne id={item.id} onDone={done} />,
            }]
            : []),
        ]}
      />
      {count > SHOWN
        ? (
          <p>
            <a href={linkTo(PATHS.jobs, query)}>All {formatCount(count)} jobs</a>
          </p>
        )
        : null}
    </>
  );
}

function RetryOne(
  { id, onDone }: { readonly id: string; readonly onDone: () => void },
): JSX.Element {
  const { busy, run } = useBusy();
  const retry = () =>
    run(async () => {
      await attempt(() => post(`/jobs/${part(id)}/retry`), "It begins again");
      onDone();
    });
  return (
    <button
      type="button"
      class="small"
      aria-label={`Retry job ${id}`}
      aria-disabled={busy.value}
      onClick={() => void retry()}
    >
      Retry
    </button>
  );
}

/** A button that acts on all jobs of a filter, after a question that names how many these are. */
function GroupButton(
  { action, query, count, all = false, onDone }: {
    readonly action: Action & ("retry" | "delete");
    readonly query: JobQuery;
    readonly count: number;
    readonly all?: boolean;
    readonly onDone: () => void;
  },
): JSX.Element {
  const { busy, run } = useBusy();
  const verb = action === "retry" ? "Retry" : "Purge";
  const jobs = countOf(count, "job");
  const press = () =>
    run(async () => {
      const text = action === "retry"
        ? "Each begins again with no attempt counted."
        : "They go for good, with their attempts and their output.";
      const question = { title: `${verb} ${jobs}?`, text, action: `${verb} ${jobs}` };
      if (!await confirm({ ...question, danger: action === "delete" })) return;
      try {
        const result = await act(action, { kind: "all", expected: count }, query);
        toast(describeResult(action, result, action === "retry" ? "Retried" : "Purged"));
      } catch (error) {
        toastError(error);
      }
      onDone();
    });
  return (
    <button type="button" aria-disabled={busy.value} onClick={() => void press()}>
      {all ? `${verb} all ${formatCount(count)}` : `${verb} ${formatCount(count)}`}
    </button>
  );
}
