/// <reference lib="dom" />
/**
 * The workers: their slots, what each of them runs, and when they were last heard.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import {
  Card,
  Elapsed,
  Empty,
  JobLink,
  Loading,
  PageHead,
  Problem,
  Table,
  Time,
  UserText,
} from "./components.tsx";
import { countOf, formatCount } from "./format.ts";
import { status } from "./live.ts";
import { linkTo, PATHS } from "./router.ts";
import { useResource } from "./resource.ts";
import { canWrite } from "./session.ts";
import type { BusyWorkerJson, RunningJobJson } from "./shapes.ts";
import { Scale, WorkerActions } from "./worker_actions.tsx";

/** The view. */
export function Workers(): JSX.Element {
  const { state, reload } = useResource<readonly BusyWorkerJson[]>("/workers");
  const scaled = useSignal<string | null>(null);
  // A worker that is killed changes nothing in the store: the status tells it all the same.
  const standing = status.value?.workers.map(({ id, state }) => `${id} ${state}`).join() ?? "";
  useEffect(() => {
    if (standing !== "") reload();
  }, [standing]);
  const { data, error } = state.value;
  const chosen = data?.find(({ id }) => id === scaled.value);
  return (
    <>
      <PageHead title="Workers" note={data === undefined ? "" : summary(data)} />
      {error === null ? null : <Problem error={error} />}
      {data === undefined
        ? error === null ? <Loading /> : null
        : data.length === 0
        ? (
          <Empty title="No worker is running" command="queuectl worker start --count 4">
            Workers run the jobs. Start one in a terminal, and leave it open; with --detach it stays
            when the terminal goes.
          </Empty>
        )
        : data.map((worker) => (
          <WorkerCard
            key={worker.id}
            worker={worker}
            reload={reload}
            scale={() => scaled.value = worker.id}
          />
        ))}
      {chosen === undefined ? null : (
        <Scale
          key={chosen.id}
          worker={chosen}
          onClose={() => {
            scaled.value = null;
            reload();
          }}
        />
      )}
    </>
  );
}

function summary(workers: readonly BusyWorkerJson[]): string {
  const live = workers.filter(({ state }) => state !== "lost");
  const slots = live.reduce((sum, worker) => sum + worker.slots, 0);
  const busy = live.reduce((sum, worker) => sum + worker.busy, 0);
  return `${countOf(live.length, "worker")}, ${countOf(slots, "slot")}, ${formatCount(busy)} busy`;
}

const STATE_CLASS = { running: "processing", draining: "scheduled", lost: "dead" } as const;

function WorkerCard(
  { worker, reload, scale }: {
    readonly worker: BusyWorkerJson;
    readonly reload: () => void;
    readonly scale: () => void;
  },
): JSX.Element {
  const { id, host, pid, slots, busy, queues, state, started_at, heartbeat_at, jobs } = worker;
  return (
    <Card
      kind="far"
      title={<UserText text={id} cut />}
      aside={canWrite.value && state !== "lost"
        ? <WorkerActions worker={worker} reload={reload} scale={scale} />
        : undefined}
    >
      <dl class="facts">
        <div>
          <dt>State</dt>
          <dd>
            <span class={`badge state-${STATE_CLASS[state]}`}>{state}</span>
          </dd>
        </div>
        <div>
          <dt>Slots</dt>
          <dd class="number">
            {formatCount(busy)} of {formatCount(slots)} busy
            <Slots busy={busy} slots={slots} />
          </dd>
        </div>
        <div>
          <dt>Queues</dt>
          <dd>
            {queues === null ? "all" : <UserText text={queues.join(", ")} cut />}
          </dd>
        </div>
        <div>
          <dt>Host</dt>
          <dd>
            <UserText text={host} cut /> <span class="faint">pid {pid}</span>
          </dd>
        </div>
        <div>
          <dt>Started</dt>
          <dd>
            <Time at={started_at} />
          </dd>
        </div>
        <div>
          <dt>Heartbeat</dt>
          <dd>
            <Time at={heartbeat_at} />
          </dd>
        </div>
      </dl>
      {state === "lost" && busy > 0
        ? (
          <p class="note">
            It is gone. What it ran is recovered as soon as another worker looks.
          </p>
        )
        : null}
      {jobs.length === 0
        ? busy > 0 ? null : (
          <p class="note">
            {state === "lost" ? "It is gone; it ran no job." : "It runs no job now."}
          </p>
        )
        : <Running id={id} jobs={jobs} />}
    </Card>
  );
}

/** A worker may have a thousand slots: more than these are not drawn. */
const MOST_DRAWN = 64;

function Slots(
  { busy, slots }: { readonly busy: number; readonly slots: number },
): JSX.Element | null {
  if (slots > MOST_DRAWN) return null;
  return (
    <span class="slots" aria-hidden="true">
      {Array.from({ length: slots }, (_, at) => <i key={at} class={at < busy ? "on" : ""} />)}
    </span>
  );
}

function Running(
  { id, jobs }: { readonly id: string; readonly jobs: readonly RunningJobJson[] },
): JSX.Element {
  return (
    <Table
      caption={`What worker ${id} runs`}
      rows={jobs}
      keyOf={(job) => job.id}
      columns={[
        { title: "Job", cell: (job) => <JobLink id={job.id} short /> },
        {
          title: "Command",
          kind: "grow",
          cell: ({ command }) => (
            <code>
              <UserText text={command} cut />
            </code>
          ),
        },
        {
          title: "Queue",
          cell: ({ queue }) => (
            <a href={linkTo(PATHS.jobs, { queue })}>
              <UserText text={queue} cut />
            </a>
          ),
        },
        { title: "Attempt", align: "right", kind: "number", cell: (job) => job.attempt },
        {
          title: "Running for",
          align: "right",
          cell: (job) => <Elapsed from={job.started_at} to={null} />,
        },
      ]}
    />
  );
}
