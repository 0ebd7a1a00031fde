/// <reference lib="dom" />
/**
 * The queues: what waits in them, and what holds them back.
 *
 * @module
 */

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { STATES } from "../../job/state.ts";
import { part, patch } from "./api.ts";
import { type Column, Empty, Loading, PageHead, Table, UserText } from "./components.tsx";
import { capital, countOf, formatCount } from "./format.ts";
import { showQueue, status } from "./live.ts";
import { linkTo, PATHS, place, setQuery } from "./router.ts";
import { Limits } from "./queue_limits.tsx";
import { useBusy } from "./resource.ts";
import { canWrite } from "./session.ts";
import type { QueueJson, State } from "./shapes.ts";
import { attempt } from "./toasts.tsx";

/** Always counted. */
const COMMON: readonly State[] = ["pending", "processing", "failed", "completed", "dead"];
/** Counted where there are any; cancelled jobs are a click away. */
const SPARE: readonly State[] = ["held", "blocked", "scheduled"];

/** So many queues need no search. */
const FEW = 10;
/** So many rows change twice a second without effort; more are shown if somebody asks. */
const MOST_SHOWN = 200;

/** The view. */
export function Queues(): JSX.Element {
  const edited = useSignal<string | null>(null);
  const all = useSignal(false);
  const queues = status.value?.queues;
  const { text = "" } = place.value.query;
  const found = queues?.filter(({ name }) => name.toLowerCase().includes(text.toLowerCase())) ?? [];
  const shown = all.value ? found : found.slice(0, MOST_SHOWN);
  const states = STATES.filter((state) =>
    COMMON.includes(state) || SPARE.includes(state) && (status.value?.jobs[state] ?? 0) > 0
  );
  const chosen = queues?.find(({ name }) => name === edited.value);
  return (
    <>
      <PageHead title="Queues" note="What waits, and what holds it back. Live." />
      {queues === undefined
        ? <Loading />
        : queues.length === 0
        ? (
          <Empty title="No queues yet" command="queuectl enqueue --queue mail -- echo hello">
            A queue comes to be with its first job:
          </Empty>
        )
        : (
          <>
            {queues.length <= FEW ? null : (
              <div class="search">
                <input
                  type="search"
                  aria-label="Search queues"
                  placeholder="Part of a name"
                  value={text}
                  onInput={(event) =>
                    setQuery({ text: event.currentTarget.value }, { replace: true })}
                />
                <span class="note" role="status">{countOf(found.length, "queue")}</span>
              </div>
            )}
            <div class="card flush">
              {found.length === 0 ? <Empty title={`No queue's name contains “${text}”`} /> : (
                <Table
                  caption="Queues"
                  rows={shown}
                  keyOf={({ name }) => name}
                  columns={columns(states, (name) => edited.value = name)}
                />
              )}
            </div>
            {shown.length === found.length ? null : (
              <div class="actions">
                <span class="note">The first {formatCount(shown.length)} are shown.</span>
                <button type="button" onClick={() => all.value = true}>
                  Show all {formatCount(found.length)}
                </button>
              </div>
            )}
          </>
        )}
      {chosen === undefined
        ? null
        : <Limits key={chosen.name} queue={chosen} onClose={() => edited.value = null} />}
    </>
  );
}

function columns(
  states: readonly State[],
  edit: (name: string) => void,
): readonly Column<QueueJson>[] {
  return [
    {
      title: "Queue",
      kind: "grow main-cell",
      cell: ({ name }) => (
        <a href={linkTo(PATHS.jobs, { queue: name })}>
          <UserText text={name} cut />
        </a>
      ),
    },
    {
      title: "State",
      cell: ({ paused }) =>
        paused
          ? <span class="badge state-held">paused</span>
          : <span class="badge state-processing">active</span>,
    },
    ...states.map((state): Column<QueueJson> => ({
      title: capital(state),
      align: "right",
      kind: "number",
      cell: ({ name, jobs }) =>
        jobs[state] === 0
          ? <span class="faint">0</span>
          : <a href={linkTo(PATHS.jobs, { queue: name, state })}>{formatCount(jobs[state])}</a>,
    })),
    {
      title: "Limits",
      align: "right",
      kind: "number",
      cell: ({ limit, rate }) =>
        [limit === null ? null : `${formatCount(limit)} at once`, rate]
          .filter((text) => text !== null).join(", ") || <span class="faint">none</span>,
    },
    ...canWrite.value
      ? [{
        title: "Actions",
        hidden: true,
        kind: "buttons",
        cell: (queue: QueueJson) => <Actions queue={queue} edit={edit} />,
      }]
      : [],
  ];
}

function Actions(
  { queue: { name, paused }, edit }: {
    readonly queue: QueueJson;
    readonly edit: (name: string) => void;
  },
): JSX.Element {
  const { busy, run } = useBusy();
  const toggle = () =>
    run(async () => {
      await attempt(
        async () => showQueue(await patch(`/queues/${part(name)}`, { paused: !paused })),
        paused ? `Queue ${name} goes on` : `Queue ${name} is paused; what runs goes on`,
      );
    });
  return (
    <>
      <button
        type="button"
        class="small"
        aria-disabled={busy.value}
        aria-label={`${paused ? "Resume" : "Pause"} queue ${name}`}
        onClick={toggle}
      >
        {paused ? "Resume" : "Pause"}
      </button>
      <button
        type="button"
        class="small"
        aria-label={`Limits of queue ${name}`}
        onClick={() => edit(name)}
      >
        Limits…
      </button>
    </>
  );
}
